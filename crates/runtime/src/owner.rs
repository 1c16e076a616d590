//! Names of the host's users, for people.

use std::io::Read as _;

/// passwd(5)
const USERS: &str = "/etc/passwd";
/// More of it is not read.
const LONGEST: u64 = 1 << 20;

/// The name of user `uid`, or `#` and the number, as runc writes it.
pub(crate) fn name_of(uid: u32) -> String {
    let mut text = String::new();
    // Without the file, or with one that is no text, users have their numbers.
    let _no_names = std::fs::File::open(USERS).map(|file| file.take(LONGEST).read_to_string(&mut text));
    find(&text, uid).map_or_else(|| format!("#{uid}"), str::to_owned)
}

fn find(text: &str, uid: u32) -> Option<&str> {
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_user_with_that_number_is_meant() {
        let text = "root:x:0:0:root:/root:/bin/sh\n:x:7:\nodd\ntoor:x:0:0::/:/bin/sh\nann:x:1000:1000\n";
        assert_eq!(find(text, 0), Some("root"));
        assert_eq!(find(text, 1000), Some("ann"));
        assert_eq!(find(text, 7), None);
        assert!(name_of(u32::MAX - 1).starts_with('#'));
    }
}
