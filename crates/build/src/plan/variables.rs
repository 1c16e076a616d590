//! Names and their values, in the order in which they came.

use std::collections::HashMap;

/// Variables: each name once, found without looking at the others.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    entries: Vec<(String, String)>,
    places: HashMap<String, usize>,
}

impl Variables {
    /// Those of an image: `NAME=value`; the last of a name counts.
    pub(super) fn of(env: &[String]) -> Self {
        let mut variables = Self::default();
        for line in env {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            variables.set(name, value);
        }
        variables
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.entries.get(*self.places.get(name)?)?;
        Some(value)
    }

    /// A new value keeps the place of the old one.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        let place = self.places.get(name).and_then(|place| self.entries.get_mut(*place));
        match place {
            Some((_, old)) => *old = value.into(),
            None => {
                self.places.insert(name.to_owned(), self.entries.len());
                self.entries.push((name.to_owned(), value.into()));
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `NAME=value`
    pub(super) fn lines(&self) -> Vec<String> {
        self.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// Of all names and values.
    pub(super) fn bytes(&self) -> usize {
        self.entries.iter().map(|(name, value)| name.len() + value.len() + 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_place_and_the_last_value_counts() {
        let mut variables = Variables::of(&["A=1".into(), "B".into(), "A=2=3".into()]);
        variables.set("C", "4");
        variables.set("B", "5");
        assert_eq!(variables.lines(), ["A=2=3", "B=5", "C=4"]);
        assert_eq!((variables.get("A"), variables.get("D")), (Some("2=3"), None));
        assert_eq!(variables.bytes(), "A=2=3B=5C=4".len());
    }
}
