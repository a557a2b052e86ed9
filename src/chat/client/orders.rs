//! What typed lines do.

use crate::{
    chat::{
        account::RoomSummary,
        client::Client,
        conversation::Effect,
        line::{HELP, Line},
        screen::printable,
    },
    failure::Failure,
};

impl Client {
    /// Carries out one line. What cannot be done is told, and the conversation goes on.
    pub(super) async fn obey(&mut self, typed: &str) -> Vec<Effect> {
        match Line::parse(typed) {
            Line::Text(text) => self.conversation.say(text),
            Line::Rooms => self.list_rooms().await,
            Line::Join(name) => self.join(&name).await,
            Line::Direct(user) => self.direct(&user).await,
            Line::History => self.conversation.look_back(),
            Line::Help => vec![Effect::Note(HELP.to_owned())],
            Line::Unknown(command) => {
                self.conversation.note_refused(&format!("There is no {command}: see /help."))
            }
            Line::Blank => Vec::new(),
            Line::Quit => {
                self.open = false;
                Vec::new()
            }
        }
    }

    async fn list_rooms(&mut self) -> Vec<Effect> {
        if let Err(failure) = self.load_rooms().await {
            return self.note(&failure);
        }
        if self.rooms.is_empty() {
            let text = "You have no rooms yet: /direct USER makes one.";
            return vec![Effect::Note(text.to_owned())];
        }
        let numbered = self.rooms.iter().zip(1..);
        numbered.map(|(room, number)| Effect::Show(self.listed(room, number))).collect()
    }

    async fn join(&mut self, name: &str) -> Vec<Effect> {
        if self.rooms.is_empty()
            && let Err(failure) = self.load_rooms().await
        {
            return self.note(&failure);
        }
        let index = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let called = |room: &&RoomSummary| room.id == name || self.title(room) == name;
        let numbered = index.and_then(|index| self.rooms.get(index));
        match numbered.or_else(|| self.rooms.iter().find(called)) {
            Some(room) => {
                let (id, title) = (room.id.clone(), self.title(room));
                self.conversation.enter(&id, &title)
            }
            None => self.note(&Failure::failed(format!("There is no room {name} in /rooms."))),
        }
    }

    async fn direct(&mut self, user: &str) -> Vec<Effect> {
        match self.account.direct(user).await {
            Ok(room) => self.conversation.enter(&room.id, &self.title(&room)),
            Err(failure) => self.note(&failure),
        }
    }

    async fn load_rooms(&mut self) -> Result<(), Failure> {
        self.rooms = self.account.rooms().await?;
        Ok(())
    }

    /// A room as a line of the list.
    fn listed(&self, room: &RoomSummary, number: usize) -> String {
        let title = printable(&self.title(room));
        match room.unread {
            0 => format!("{number}  {title}"),
            unread => format!("{number}  {title} ({unread} unread)"),
        }
    }

    /// What a room is called: its name, or the other person.
    fn title(&self, room: &RoomSummary) -> String {
        let name = room.name.as_deref().filter(|name| !name.is_empty() && room.kind != "direct");
        name.map_or_else(
            || {
                let others =
                    room.members.iter().filter(|member| *member != self.account.username());
                others.map(String::as_str).collect::<Vec<_>>().join(", ")
            },
            ToOwned::to_owned,
        )
    }

    /// A request that failed is told, and counts; the conversation goes on.
    fn note(&mut self, failure: &Failure) -> Vec<Effect> {
        self.conversation.note_refused(&failure.to_string())
    }
}
