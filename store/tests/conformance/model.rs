//! The store port in memory, as plainly as it can be said: what the backends are compared with.

use std::collections::BTreeMap;

use ihs_store::{
    Appended, Body, Change, Document, Filter, LogEntry, Seq, Stop, StoreError, Write, Written,
    error::{LOG, LOG_KEY},
};
use serde_json::Value;

use crate::backend::{THINGS, id};

/// The name and the field of the one unique index.
pub(crate) const UNIQUE: (&str, &str) = ("one_n", "n");

/// One collection and one room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) documents: BTreeMap<String, Document>,
    pub(crate) log: Vec<LogEntry>,
}

impl Model {
    /// Does all writes, or none.
    pub(crate) fn commit(&mut self, writes: &[Write]) -> Result<Vec<Written>, StoreError> {
        let mut after = self.clone();
        let write = |(at, write)| after.write(at, write);
        let done: Result<Vec<Written>, StoreError> = writes.iter().enumerate().map(write).collect();
        if done.is_ok() {
            *self = after;
        }
        done
    }

    fn write(&mut self, at: usize, write: &Write) -> Result<Written, StoreError> {
        match write {
            Write::Insert { document, .. } => self.insert(at, document),
            Write::Update { filter, change, .. } => {
                let found = self.matching(filter).pop();
                let found = found.ok_or(StoreError::Unmatched { write: at })?;
                self.change(at, &found, change).map(Written::Updated)
            }
            Write::UpdateEvery { filter, change, .. } => {
                let found = self.matching(filter);
                for id in &found {
                    self.change(at, id, change)?;
                }
                Ok(Written::Count(found.len() as u64))
            }
            Write::Delete { filter, .. } => {
                let found = self.matching(filter).pop();
                let found = found.and_then(|id| self.documents.remove(&id));
                found.map(Written::Deleted).ok_or(StoreError::Unmatched { write: at })
            }
            Write::DeleteEvery { filter, .. } => {
                let found = self.matching(filter);
                self.documents.retain(|id, _| !found.contains(id));
                Ok(Written::Count(found.len() as u64))
            }
            Write::Restore { .. } => panic!("the cases of `restore` need no model"),
            Write::Append { entries, .. } => match self.append(entries).stop {
                None => Ok(Written::Appended),
                Some(Stop::SeqTaken) => Err(StoreError::SeqTaken),
                Some(Stop::TargetGone) => Err(StoreError::TargetGone),
                Some(Stop::KeyTaken(_)) => Err(taken(at, LOG, LOG_KEY)),
            },
        }
    }

    fn matching(&self, filter: &Filter) -> Vec<String> {
        let matching = self.documents.iter().filter(|(_, document)| filter.matches(document));
        matching.map(|(id, _)| id.clone()).collect()
    }

    fn insert(&mut self, at: usize, document: &Document) -> Result<Written, StoreError> {
        if self.documents.contains_key(id(document)) {
            return Err(taken(at, THINGS, "_id"));
        }
        self.check_unique(at, document)?;
        self.documents.insert(id(document).to_owned(), document.clone());
        Ok(Written::Inserted)
    }

    fn change(&mut self, at: usize, id: &str, change: &Change) -> Result<Document, StoreError> {
        let mut after = self.documents[id].clone();
        change.apply(&mut after)?;
        self.check_unique(at, &after)?;
        self.documents.insert(id.to_owned(), after.clone());
        Ok(after)
    }

    fn check_unique(&self, at: usize, document: &Document) -> Result<(), StoreError> {
        let (name, field) = UNIQUE;
        let value = document.get(field).cloned().unwrap_or(Value::Null);
        let same = Filter::Eq(field, value.clone());
        let mut others = self.documents.values().filter(|other| id(other) != id(document));
        if !value.is_null() && others.any(|other| same.matches(other)) {
            return Err(taken(at, THINGS, name));
        }
        Ok(())
    }

    /// Appends until an entry cannot be.
    pub(crate) fn append(&mut self, entries: &[LogEntry]) -> Appended {
        for (stored, entry) in entries.iter().enumerate() {
            if let Some(stop) = self.append_one(entry) {
                let stop = Some(stop);
                return Appended { stored, stop };
            }
        }
        let stored = entries.len();
        Appended { stored, stop: None }
    }

    fn append_one(&mut self, entry: &LogEntry) -> Option<Stop> {
        if entry.seq != Seq::new(self.log.len() as u64 + 1) {
            return Some(Stop::SeqTaken);
        }
        let is_same = |other: &&LogEntry| {
            entry.key.is_some() && other.key == entry.key && other.sender == entry.sender
        };
        if let Some(first) = self.log.iter().find(is_same) {
            return Some(Stop::KeyTaken(Box::new(first.clone())));
        }
        if let Body::Edited { target, .. } | Body::Deleted { target } = &entry.body
            && let Some(Body::Message { deleted: true, .. }) = self.target(*target)
        {
            return Some(Stop::TargetGone);
        }
        match &entry.body {
            Body::Edited { target, text } => self.edit(*target, text),
            Body::Deleted { target } => self.empty(*target),
            Body::Message { .. } | Body::Members { .. } => {}
        }
        self.log.push(entry.clone());
        None
    }

    fn target(&mut self, target: Seq) -> Option<&mut Body> {
        let position = usize::try_from(target.get()).unwrap().checked_sub(1)?;
        self.log.get_mut(position).map(|entry| &mut entry.body)
    }

    fn edit(&mut self, target: Seq, new: &str) {
        if let Some(Body::Message { text, edited, .. }) = self.target(target) {
            new.clone_into(text);
            *edited = true;
        }
    }

    fn empty(&mut self, target: Seq) {
        let Some(Body::Message { text, deleted, .. }) = self.target(target) else {
            return;
        };
        text.clear();
        *deleted = true;
        for entry in &mut self.log {
            if let Body::Edited { target: edited, text } = &mut entry.body
                && *edited == target
            {
                text.clear();
            }
        }
    }
}

fn taken(write: usize, collection: &str, index: &str) -> StoreError {
    StoreError::Taken { write, collection: collection.to_owned(), index: index.to_owned() }
}
