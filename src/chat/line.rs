//! What a person types.

/// A line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// A message for the current room.
    Text(String),
    /// `/rooms`
    Rooms,
    /// `/join N`: a number of the list, an id or a name.
    Join(String),
    /// `/direct USER`
    Direct(String),
    /// `/history`
    History,
    /// `/help`
    Help,
    /// `/quit`
    Quit,
    /// Nothing.
    Blank,
    /// A command that does not exist or lacks its argument.
    Unknown(String),
}

/// What `/help` shows.
pub(crate) const HELP: &str = "\
/rooms         list your rooms
/join N        go to a room: its number in the list, its name or its id
/direct USER   go to the room that you share with USER alone
/history       show earlier messages of the room
/help          this list
/quit          leave
Everything else is sent to the room. Start with // to send a line that starts with a slash.";

impl Line {
    /// Understands a line.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        let Some(command) = text.strip_prefix('/') else {
            return if text.is_empty() { Self::Blank } else { Self::Text(text.to_owned()) };
        };
        if command.starts_with('/') {
            return Self::Text(command.to_owned());
        }
        let (name, argument) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let argument = argument.trim();
        match (name, argument) {
            ("rooms", "") => Self::Rooms,
            ("history", "") => Self::History,
            ("help", _) => Self::Help,
            ("quit", "") => Self::Quit,
            ("join", room) if !room.is_empty() => Self::Join(room.to_owned()),
            ("direct", user) if !user.is_empty() => {
                Self::Direct(user.trim_start_matches('@').to_owned())
            }
            _ => Self::Unknown(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        for (text, line) in [
            ("hello there", Line::Text("hello there".to_owned())),
            ("  ", Line::Blank),
            ("/rooms", Line::Rooms),
            ("/join 3", Line::Join("3".to_owned())),
            ("/join Night shift", Line::Join("Night shift".to_owned())),
            ("/direct @bob", Line::Direct("bob".to_owned())),
            ("//etc/hosts", Line::Text("/etc/hosts".to_owned())),
            ("/join", Line::Unknown("/join".to_owned())),
            ("/dance", Line::Unknown("/dance".to_owned())),
        ] {
            assert_eq!(Line::parse(text), line);
        }
    }
}
