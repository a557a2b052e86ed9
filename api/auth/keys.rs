//! The keys that sign tokens: from the settings, or from a file in the data folder. Several count,
//! so that a new one logs nobody out; the first signs.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use ihs_config::{KEY_MIN_BYTES as KEY_BYTES, Profile, Secret, Settings};

use super::secrets;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// In production every node needs the same key, so it must be set.
    #[error("auth.key: must be set in production, to at least {KEY_BYTES} bytes")]
    Missing,
    /// A key is easy to guess.
    #[error("{0}: must have at least {KEY_BYTES} bytes, this one has {1}")]
    Short(&'static str, usize),
    /// The file of generated keys cannot be read or made.
    #[error("the key file {} cannot be used", .0.display())]
    File(PathBuf, #[source] io::Error),
}

/// The keys that count; the first signs.
pub(crate) fn load(settings: &Settings) -> Result<Vec<Vec<u8>>, KeyError> {
    let auth = &settings.auth;
    let mut keys = match (auth.key.expose(), settings.server.profile) {
        ("", Profile::Production) => return Err(KeyError::Missing),
        ("", Profile::Development) => from_file(&settings.server.data_dir.join("keys"))?,
        (key, _) => vec![checked("auth.key", key)?],
    };
    for key in auth.old_keys.iter().map(Secret::expose) {
        keys.push(checked("auth.old_keys", key)?);
    }
    Ok(keys)
}

fn checked(place: &'static str, key: &str) -> Result<Vec<u8>, KeyError> {
    match key.len() {
        length if length < KEY_BYTES => Err(KeyError::Short(place, length)),
        _ => Ok(key.as_bytes().to_vec()),
    }
}

/// One key per line, so that an old one still counts while a new one signs.
fn from_file(path: &Path) -> Result<Vec<Vec<u8>>, KeyError> {
    let fault = |error| KeyError::File(path.to_owned(), error);
    if !path.exists() {
        make(path).map_err(fault)?;
    }
    let text = fs::read_to_string(path).map_err(fault)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Vec<Vec<u8>> =
        lines.map(|line| checked("the key file", line)).collect::<Result<_, _>>()?;
    if keys.is_empty() {
        return Err(fault(io::Error::new(io::ErrorKind::InvalidData, "it holds no key")));
    }
    Ok(keys)
}

/// Written in full under another name first: a crash leaves no half of a key, and of two processes
/// that do this at once, the one that comes second takes over what the first one made.
fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(secrets::random());
    let mut file = private().open(&draft)?;
    writeln!(file, "{}", secrets::random())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// How to make a file that nobody else can read.
fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(key: &str, profile: Profile, folder: &Path) -> Settings {
        let mut settings = Settings::default();
        settings.auth.key = Secret::new(key.to_owned());
        settings.server.profile = profile;
        folder.clone_into(&mut settings.server.data_dir);
        settings
    }

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("ihs-keys-{name}-{}", std::process::id()))
    }

    #[test]
    fn production_refuses_to_start_without_a_key_and_names_the_setting() {
        let error = load(&settings("", Profile::Production, Path::new("."))).unwrap_err();
        assert!(error.to_string().starts_with("auth.key: "));
        for profile in [Profile::Production, Profile::Development] {
            let error = load(&settings("short", profile, Path::new("."))).unwrap_err();
            assert!(matches!(error, KeyError::Short("auth.key", 5)));
        }
    }

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let folder = folder("once");
        let settings = settings("", Profile::Development, &folder);
        let first = load(&settings).unwrap();
        assert_eq!(first, load(&settings).unwrap());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("mode");
        load(&settings("", Profile::Development, &folder)).unwrap();
        let mode = fs::metadata(folder.join("keys")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }
}
