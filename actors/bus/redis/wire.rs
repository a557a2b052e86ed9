//! What an announcement looks like on its way: JSON with a version.
//!
//! The topic is not in it: the channel says it. What a node does not understand, because another
//! one is newer, is a reason to look at the log.

use std::sync::Arc;

use ihs_store::{Body, LogEntry};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::bus::{News, NodeId};

/// Raised when nodes of the version before would misread what is sent.
const VERSION: u16 = 1;

#[derive(Serialize)]
struct Outgoing<'a> {
    v: u16,
    node: NodeId,
    news: &'a News,
}

#[derive(Deserialize)]
struct Incoming<'a> {
    v: u16,
    node: NodeId,
    #[serde(borrow)]
    news: &'a RawValue,
}

/// News without entries that cannot travel whole: they need not wait in memory.
pub(super) fn lighten(news: News, limit: usize) -> News {
    match &news {
        News::Entries(entries) if weight(entries) > limit => News::Changed,
        _ => news,
    }
}

/// What is sent. Entries that make it longer than `limit` stay in the log.
pub(super) fn encode(
    node: NodeId,
    news: &News,
    limit: usize,
) -> Result<Vec<u8>, serde_json::Error> {
    let whole = serde_json::to_vec(&Outgoing { v: VERSION, node, news })?;
    if whole.len() > limit && matches!(news, News::Entries(_)) {
        return serde_json::to_vec(&Outgoing { v: VERSION, node, news: &News::Changed });
    }
    Ok(whole)
}

/// Who says what; `None` for what no node has sent.
pub(super) fn decode(bytes: &[u8]) -> Option<(NodeId, News)> {
    let Incoming { v, node, news } = serde_json::from_slice(bytes).ok()?;
    if v != VERSION {
        return Some((node, News::Changed));
    }
    Some((node, serde_json::from_str(news.get()).unwrap_or(News::Changed)))
}

/// Fewer bytes than the entries take when they are encoded.
fn weight(entries: &Arc<Vec<LogEntry>>) -> usize {
    let texts = entries.iter().map(|entry| match &entry.body {
        Body::Message { text, .. } | Body::Edited { text, .. } => text.len(),
        Body::Members { added, removed } => added.iter().chain(removed).map(String::len).sum(),
        Body::Deleted { .. } => 0,
    });
    texts.sum()
}

#[cfg(test)]
mod tests {
    use ihs_store::{EntryId, Seq, Timestamp};
    use proptest::prelude::*;

    use super::*;

    const NODE: NodeId = NodeId([7; 12]);

    fn entries(texts: &[String]) -> News {
        let entry = |(place, text): (usize, &String)| LogEntry {
            seq: Seq::new(place as u64 + 1),
            id: EntryId::from_bytes([1; 12]),
            time: Timestamp::from_millis(1_700_000_000_000),
            sender: "ada".to_owned(),
            key: None,
            body: Body::message(text.clone()),
        };
        News::Entries(Arc::new(texts.iter().enumerate().map(entry).collect()))
    }

    proptest! {
        #[test]
        fn what_fits_arrives_as_it_was_and_what_does_not_as_a_reason_to_look(
            texts in prop::collection::vec("\\PC{0,40}", 1..20),
            limit in 256_usize..2_000,
        ) {
            let news = entries(&texts);
            let lighter = lighten(news.clone(), limit);
            let bytes = encode(NODE, &lighter, limit).unwrap();
            prop_assert!(bytes.len() <= limit);
            let whole = encode(NODE, &news, usize::MAX).unwrap();
            let wanted = if whole.len() <= limit { news } else { News::Changed };
            prop_assert_eq!(decode(&bytes), Some((NODE, wanted)));
        }

        #[test]
        fn noise_is_nobodys_news(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(&bytes), None);
        }
    }

    #[test]
    fn what_a_newer_node_says_is_a_reason_to_look() {
        let node = serde_json::to_string(&NODE).unwrap();
        for text in [
            format!(r#"{{"v":1,"node":{node},"news":{{"moon_phase":3}}}}"#),
            format!(r#"{{"v":2,"node":{node},"news":[1],"more":true}}"#),
        ] {
            assert_eq!(decode(text.as_bytes()), Some((NODE, News::Changed)), "{text}");
        }
    }
}
