//! What `coffer build` is told in one word: secrets, agents, caches, outputs.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use super::ValueError;

/// `--secret id=NAME[,src=FILE|,env=VARIABLE]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) id: String,
    pub(crate) source: SecretFrom,
}

/// Where a secret is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretFrom {
    File(PathBuf),
    Variable(String),
    /// Neither was said: a variable of its name if there is one, else a file of its name.
    Named,
}

/// `--ssh default | default=SOCKET | ID=SOCKET`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) id: String,
    /// `SSH_AUTH_SOCK` if nothing is said.
    pub(crate) socket: Option<PathBuf>,
}

/// `--network`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum NetworkOf {
    /// A way out, and none in.
    #[default]
    #[value(alias = "outbound")]
    Default,
    /// Loopback alone.
    None,
    /// This host's.
    Host,
}

/// `--cache-from`, `--cache-to`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CacheEnd {
    /// An artifact in a registry.
    Registry(String),
    /// A directory.
    Local(PathBuf),
}

/// `--output`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) form: OutputForm,
    /// None is standard output.
    pub(crate) destination: Option<PathBuf>,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputForm {
    /// The files, into a directory.
    Local,
    /// The files, as an archive.
    Tar,
    /// The image, as an OCI archive.
    Oci,
    /// The image, as `docker save` writes it.
    Docker,
}

/// `a=b,c=d`, with what has no sign as a name with an empty value.
fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(',').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")))
}

impl FromStr for Secret {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = |wrong: String| ValueError::new(wrong, "id=NAME,src=FILE or id=NAME,env=VARIABLE");
        let (mut id, mut source, mut kind) = (None, None, "");
        for (name, value) in fields(text) {
            match name {
                "id" => id = Some(value.to_owned()),
                "src" | "source" => source = Some(SecretFrom::File(value.into())),
                "env" => source = Some(SecretFrom::Variable(value.to_owned())),
                "type" if matches!(value, "file" | "env") => kind = value,
                _ => return Err(wrong(format!("nothing is called `{name}` in a secret"))),
            }
        }
        let id = id.filter(|id| !id.is_empty()).ok_or_else(|| wrong("the secret has no id".to_owned()))?;
        // `type=env,src=NAME` is Docker's other way to say a variable.
        let source = match (kind, source) {
            ("env", Some(SecretFrom::File(name))) => SecretFrom::Variable(name.display().to_string()),
            (_, source) => source.unwrap_or(SecretFrom::Named),
        };
        Ok(Self { id, source })
    }
}

impl FromStr for Agent {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (id, socket) = text.split_once('=').map_or((text, None), |(id, socket)| (id, Some(socket)));
        if id.is_empty() {
            return Err(ValueError::new("the agent has no id", "default, or ID=SOCKET"));
        }
        Ok(Self { id: id.to_owned(), socket: socket.filter(|socket| !socket.is_empty()).map(PathBuf::from) })
    }
}

impl FromStr for CacheEnd {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let right = "type=registry,ref=NAME, or type=local with src=DIR or dest=DIR";
        let wrong = |wrong: String| ValueError::new(wrong, right);
        let (mut kind, mut place) = ("registry", None);
        for (name, value) in fields(text) {
            match name {
                "type" => kind = value,
                "ref" | "src" | "source" | "dest" if !value.is_empty() => place = Some(value),
                "mode" if matches!(value, "min" | "max") => {}
                _ if value.is_empty() => place = Some(name),
                _ => return Err(wrong(format!("nothing is called `{name}` in a cache"))),
            }
        }
        let place = place.ok_or_else(|| wrong("it does not say where".to_owned()))?;
        match kind {
            "registry" => Ok(Self::Registry(place.to_owned())),
            "local" => Ok(Self::Local(place.into())),
            other => Err(wrong(format!("there are no caches of type `{other}`"))),
        }
    }
}

impl FromStr for Output {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let right = "DIR, -, or type=local|tar|oci|docker with dest=PATH";
        let wrong = |wrong: String| ValueError::new(wrong, right);
        if text == "-" {
            return Ok(Self { form: OutputForm::Tar, destination: None });
        }
        if !text.contains('=') {
            return Ok(Self { form: OutputForm::Local, destination: Some(text.into()) });
        }
        let (mut form, mut destination) = (None, None);
        for (name, value) in fields(text) {
            match (name, value) {
                ("type", "local") => form = Some(OutputForm::Local),
                ("type", "tar") => form = Some(OutputForm::Tar),
                ("type", "oci") => form = Some(OutputForm::Oci),
                ("type", "docker") => form = Some(OutputForm::Docker),
                ("type", other) => return Err(wrong(format!("there are no outputs of type `{other}`"))),
                ("dest", path) if !path.is_empty() => destination = Some(path),
                _ => return Err(wrong(format!("nothing is called `{name}` in an output"))),
            }
        }
        let form = form.ok_or_else(|| wrong("it does not say what".to_owned()))?;
        let destination = destination.filter(|path| *path != "-").map(PathBuf::from);
        if form == OutputForm::Local && destination.is_none() {
            return Err(wrong("files need a directory".to_owned()));
        }
        Ok(Self { form, destination })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_are_files_or_variables() {
        let secret = |text: &str| text.parse::<Secret>().map(|secret| secret.source);
        assert_eq!(secret("id=a,src=b/c"), Ok(SecretFrom::File("b/c".into())));
        assert_eq!(secret("id=a,env=B"), Ok(SecretFrom::Variable("B".into())));
        assert_eq!(secret("type=env,id=a,src=B"), Ok(SecretFrom::Variable("B".into())));
        assert_eq!(secret("id=a"), Ok(SecretFrom::Named));
        assert!(secret("src=b").is_err() && secret("id=a,colour=b").is_err() && secret("id=").is_err());
    }

    #[test]
    fn agents_have_an_id_and_perhaps_a_socket() {
        let agent = |id: &str, socket: Option<&str>| Agent { id: id.into(), socket: socket.map(Into::into) };
        assert_eq!("default".parse(), Ok(agent("default", None)));
        assert_eq!("key=/run/s".parse(), Ok(agent("key", Some("/run/s"))));
        assert!("=/run/s".parse::<Agent>().is_err());
    }

    #[test]
    fn caches_are_in_registries_or_directories() {
        assert_eq!("type=registry,ref=r/c:1,mode=max".parse(), Ok(CacheEnd::Registry("r/c:1".into())));
        assert_eq!("r/c:1".parse(), Ok(CacheEnd::Registry("r/c:1".into())));
        assert_eq!("type=local,dest=out".parse(), Ok(CacheEnd::Local("out".into())));
        for text in ["type=gha,ref=x", "type=local", "type=registry,colour=red"] {
            assert!(text.parse::<CacheEnd>().is_err(), "{text}");
        }
    }

    #[test]
    fn outputs_are_files_or_images() {
        let output = |form, path: Option<&str>| Output { form, destination: path.map(Into::into) };
        assert_eq!("out".parse(), Ok(output(OutputForm::Local, Some("out"))));
        assert_eq!("-".parse(), Ok(output(OutputForm::Tar, None)));
        assert_eq!("type=oci,dest=a.tar".parse(), Ok(output(OutputForm::Oci, Some("a.tar"))));
        assert_eq!("type=docker".parse(), Ok(output(OutputForm::Docker, None)));
        for text in ["type=local", "type=zip,dest=a", "dest=a"] {
            assert!(text.parse::<Output>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_an_error(text in ".{0,40}") {
            let _either = (text.parse::<Secret>(), text.parse::<Agent>());
            let _either = (text.parse::<CacheEnd>(), text.parse::<Output>());
        }
    }
}
