//! The tour on one page: at most 25 lines, short enough for a slide.

use super::report::Stands;
use super::tour::Tour;
use crate::render::style::Style;
use crate::render::text;
use crate::render::units;
use crate::render::verdict::citation;

/// A detail longer than this makes no slide.
const WIDEST: usize = 64;

/// The page.
pub(crate) fn page(tour: &Tour, style: Style) -> String {
    let mut page = Page { text: String::new(), style };
    page.heading();
    page.image(tour);
    page.run(tour);
    page.attacks(tour);
    page.refusal(tour);
    page.ledger(tour);
    page.text
}

struct Page {
    text: String,
    style: Style,
}

impl Page {
    fn heading(&mut self) {
        let title = self.style.strong("coffer demo");
        self.text.push_str(&format!("{title}  an image that coffer carries, from import to proof\n\n"));
    }

    fn image(&mut self, tour: &Tour) {
        let image = &tour.image;
        let size = units::bytes(image.size);
        self.section(
            "import",
            &format!("{}  {}  {size}, every byte hashed", image.name, image.digest),
            image.millis,
        );
        let verdict = &tour.verdict;
        let supply = match verdict.missing.len() {
            0 => String::new(),
            _ => format!(", yours to supply: {}", verdict.missing.join(", ")),
        };
        let answer = verdict.outcome.as_str().to_uppercase();
        self.line(
            "verdict",
            &format!("{answer} at level {}, {} controls applied{supply}", verdict.level, verdict.applied),
        );
    }

    fn run(&mut self, tour: &Tour) {
        self.section("run", "what the program sees from inside", tour.run_millis);
        for wall in &tour.walls {
            let mark = match wall.stands {
                Stands::Yes => self.style.good("✓ in force"),
                Stands::No => self.style.bad("✗ missing "),
            };
            self.item(&mark, wall.name, &wall.seen);
        }
    }

    fn attacks(&mut self, tour: &Tour) {
        let stopped = tour.attacks.iter().filter(|attack| attack.stopped()).count();
        let title = format!("{stopped} of {} attacks from inside stopped", tour.attacks.len());
        self.section("attack", &title, tour.attacks_millis);
        for attack in &tour.attacks {
            let mark = if attack.stopped() {
                self.style.good("✓ stopped ")
            } else {
                self.style.bad("✗ succeeded")
            };
            self.item(&mark, &attack.name, &attack.tries);
        }
    }

    fn refusal(&mut self, tour: &Tour) {
        let refusal = &tour.refusal;
        self.line("refuse", refusal.request);
        let mark = self.style.bad("✗ refused ");
        self.item(&mark, "because", &refusal.asked);
        let cited = citation(&refusal.nist, &refusal.cis);
        self.item("          ", "rule", format!("{}  {cited}", refusal.rule).trim_end());
    }

    fn ledger(&mut self, tour: &Tour) {
        let proof = &tour.ledger;
        self.line("prove", "the ledger has every decision, refusals included");
        let mark = self.style.good("✓ verified");
        let entries = units::count(usize::try_from(proof.entries).unwrap_or(usize::MAX), "entry", "entries");
        self.item(&mark, "history", &format!("{entries}, root {}", proof.root));
        self.text.push('\n');
        self.line("next", "coffer image import IMAGE.tar && coffer run --rm -it IMAGE sh");
        self.line("", "coffer system check, coffer assess IMAGE, coffer help");
    }

    fn section(&mut self, name: &str, title: &str, millis: u64) {
        self.line(name, &format!("{title}  ({millis} ms)"));
    }

    fn line(&mut self, name: &str, title: &str) {
        let name = self.style.strong(&text::pad(name, 8));
        self.text.push_str(&format!("{name}  {}\n", text::plain(title)));
    }

    fn item(&mut self, mark: &str, name: &str, detail: &str) {
        let detail = text::cut(&text::plain(detail), WIDEST);
        self.text.push_str(&format!("          {mark}  {}  {detail}\n", text::pad(name, 14)));
    }
}
