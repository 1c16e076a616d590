use super::record::tests::sample;
use super::*;

struct Fixture {
    _root: tempfile::TempDir,
    containers: Containers,
}

fn fixture() -> Fixture {
    let root = tempfile::tempdir().unwrap();
    let site = Site {
        state: root.path().join("state"),
        run: root.path().join("run"),
        level: model::verdict::Level::Baseline,
        invoker: crate::site::Invoker::Root,
    };
    site.prepare().unwrap();
    Fixture { containers: Containers::of(&site), _root: root }
}

impl Fixture {
    fn reserve(&self, name: &str) -> Result<Reservation, StateError> {
        let choice = match name {
            "" => NameChoice::Friendly,
            given => NameChoice::Given(given.parse().unwrap()),
        };
        let record = sample(&ContainerId::random().unwrap());
        Reservation::make(&self.containers, record, &choice, Ids::Own)
    }

    fn count(&self) -> (usize, usize, usize) {
        let count = |dir: &Path| std::fs::read_dir(dir).unwrap().count();
        (count(&self.containers.root), count(&self.containers.names), count(&self.containers.ranges))
    }
}

#[test]
fn a_dropped_reservation_leaves_nothing() {
    let f = fixture();
    let reservation = f.reserve("web").unwrap();
    assert_eq!(f.count(), (1, 1, 1));
    drop(reservation);
    assert_eq!(f.count(), (0, 0, 0));
}

#[test]
fn a_kept_one_is_found_by_name_id_and_prefix_and_goes_whole() {
    let f = fixture();
    let record = f.reserve("web").unwrap().keep();
    for text in ["web", record.id.as_str(), record.id.short()] {
        assert_eq!(f.containers.find(text).unwrap(), record.id);
    }
    assert_eq!(f.containers.record(&record.id).unwrap().unwrap().name, "web");
    assert!(matches!(f.containers.find("nothing"), Err(StateError::Unknown(_))));
    let Lock::Held(held) = f.containers.lock(&record.id).unwrap() else { panic!("somebody holds it") };
    f.containers.remove(&held, Some(&record)).unwrap();
    assert_eq!(f.count(), (0, 0, 0));
}

#[test]
fn a_container_that_has_ended_stays_with_its_range_or_goes() {
    let f = fixture();
    let (stays, goes) = (f.reserve("stays").unwrap(), f.reserve("goes").unwrap());
    let id = stays.record.id.clone();
    let status = Status::Exited { exit: Ended::Code { code: 0 }, at: 5 };
    stays.end(AtEnd::Stay, |record| record.status = status.clone()).unwrap();
    goes.end(AtEnd::Remove, |_| {}).unwrap();
    assert!(matches!(f.containers.find("goes"), Err(StateError::Unknown(_))), "it is gone at once");
    // Its files go behind our back.
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while f.count() != (1, 1, 1) && std::time::Instant::now() < patience {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert_eq!(f.count(), (1, 1, 1));
    assert_eq!(f.containers.record(&id).unwrap().unwrap().status, status);
}

#[test]
fn a_name_is_given_once_and_the_loser_leaves_nothing() {
    let f = fixture();
    let first = f.reserve("web").unwrap();
    let error = f.reserve("web").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the name `web` is in use by container {}", first.record.id.short())
    );
    assert_eq!(f.count(), (1, 1, 1));
}

#[test]
fn two_containers_never_share_a_range() {
    let f = fixture();
    let kept: Vec<_> = (0..20).map(|_| f.reserve("").unwrap()).collect();
    let ranges: std::collections::HashSet<_> = kept.iter().map(|r| r.record.range.unwrap().first).collect();
    assert_eq!(ranges.len(), 20);
}

#[test]
fn a_taken_range_moves_the_container_to_the_next_one_and_the_record_says_so() {
    let f = fixture();
    let record = sample(&ContainerId::random().unwrap());
    let other = f.reserve("other").unwrap();
    let wanted = IdRange::numbered(u32::try_from(record.id.number(0, 7)).unwrap());
    let link = f.containers.ranges.join(wanted.number().to_string());
    std::os::unix::fs::symlink(other.record.id.packed(), link).unwrap();
    let got = Reservation::make(&f.containers, record, &NameChoice::Friendly, Ids::Own).unwrap();
    assert_eq!(got.record.range, Some(IdRange::numbered(wanted.number() + 1)));
    assert_eq!(f.containers.record(&got.record.id).unwrap().unwrap().range, got.record.range);
}

#[test]
fn a_name_whose_container_is_gone_is_free() {
    let f = fixture();
    let gone = ContainerId::random().unwrap();
    std::os::unix::fs::symlink(gone.packed(), f.containers.names.join("web")).unwrap();
    assert_eq!(f.reserve("web").unwrap().record.name, "web");
}

#[test]
fn a_held_container_is_busy_for_everybody_else() {
    let f = fixture();
    let reservation = f.reserve("web").unwrap();
    assert!(matches!(f.containers.lock(&reservation.record.id).unwrap(), Lock::Busy));
    let record = reservation.keep();
    assert!(matches!(f.containers.lock(&record.id).unwrap(), Lock::Held(_)));
    assert!(matches!(f.containers.lock(&ContainerId::random().unwrap()).unwrap(), Lock::Gone));
}

#[test]
fn a_record_is_changed_while_its_keeper_holds_the_container() {
    let f = fixture();
    let reservation = f.reserve("web").unwrap();
    let id = reservation.record.id.clone();
    let changed = f.containers.change_record(&id, |record| record.stopped = true).unwrap();
    assert!(changed.stopped);
    let status = Status::Exited { exit: Ended::Code { code: 0 }, at: 5 };
    reservation.end(AtEnd::Stay, |record| record.status = status).unwrap();
    let record = f.containers.record(&id).unwrap().unwrap();
    assert!(record.stopped && record.status.is_settled(), "what the keeper wrote did not undo it");
    let gone = f.containers.change_record(&ContainerId::random().unwrap(), |_| {}).unwrap_err();
    assert!(matches!(gone, StateError::Unknown(_)), "{gone}");
}

#[test]
fn changes_of_a_record_take_turns() {
    let f = fixture();
    let id = f.reserve("web").unwrap().keep().id;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    f.containers.change_record(&id, |record| record.restarts += 1).unwrap();
                }
            });
        }
    });
    assert_eq!(f.containers.record(&id).unwrap().unwrap().restarts, 100);
}

#[test]
fn leftovers_are_swept_and_the_living_are_not() {
    let f = fixture();
    let alive = f.reserve("web").unwrap();
    let dead = ContainerId::random().unwrap();
    std::fs::create_dir_all(f.containers.path(&dead).join("upper/x")).unwrap();
    std::fs::create_dir_all(f.containers.root.join(format!(".removing-{dead}-0/y"))).unwrap();
    let leaving = f.containers.root.join(format!(".removing-{}", alive.record.id));
    let part = f.containers.root.join(format!(".removing-{}-0", alive.record.id));
    [&leaving, &part].into_iter().for_each(|path| std::fs::create_dir(path).unwrap());
    let remover = files::open_dir(&leaving).unwrap();
    rustix::fs::flock(&remover, rustix::fs::FlockOperation::LockExclusive).unwrap();
    f.containers.sweep().unwrap();
    assert_eq!(f.count(), (3, 1, 1), "its remover is at it");
    drop(remover);
    f.containers.sweep().unwrap();
    assert_eq!(f.count(), (1, 1, 1));
}

#[test]
fn whose_removal_was_killed_after_it_gave_the_name_back_is_still_found_by_it() {
    let f = fixture();
    let record = f.reserve("web").unwrap().keep();
    f.containers.leave_name(&record.id, "web");
    assert_eq!(f.containers.find("web").unwrap(), record.id);
    let other = f.reserve("web").unwrap();
    assert_eq!(f.containers.find("web").unwrap(), other.record.id, "who has the name goes before");
}

#[test]
fn an_ambiguous_prefix_names_its_candidates() {
    let f = fixture();
    for digit in ["0", "1"] {
        let id: ContainerId = format!("abc{}{digit}", "0".repeat(60)).parse().unwrap();
        std::fs::create_dir(f.containers.path(&id)).unwrap();
    }
    let error = f.containers.find("abc").unwrap_err();
    assert!(matches!(&error, StateError::Ambiguous { candidates, .. } if candidates.len() == 2));
}
