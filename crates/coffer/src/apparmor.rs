//! The profile that gives this program, and no other, user namespaces where AppArmor keeps them (Ubuntu
//! since 23.10).

use std::path::Path;

use crate::errors::Failure;
use crate::site;

/// The profile of the program that is running, by its path.
pub(crate) fn profile() -> Result<String, Failure> {
    Ok(text(&site::program()?))
}

/// apparmor.d(5): a quoted path may hold spaces, and what would be a pattern stands behind a backslash.
fn text(program: &Path) -> String {
    let mut quoted = String::new();
    for c in program.to_string_lossy().chars() {
        if "*?[]{}^\\\"@,".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    format!(
        "# Cofferdam makes a user namespace for each user and each container.\n\
         abi <abi/4.0>,\n\
         include <tunables/global>\n\n\
         profile coffer \"{quoted}\" flags=(unconfined) {{\n  userns,\n\n  include if exists <local/coffer>\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_never_a_pattern() {
        assert!(
            text(Path::new("/usr/bin/coffer"))
                .contains("profile coffer \"/usr/bin/coffer\" flags=(unconfined)")
        );
        assert!(text(Path::new("/a b/*{c}")).contains("\"/a b/\\*\\{c\\}\""));
    }
}
