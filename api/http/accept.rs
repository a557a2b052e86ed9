//! Which kind of answer the client takes.

/// How errors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As Django REST framework writes them.
    Drf,
    /// RFC 9457.
    Problem,
}

/// The type of OpenAPI documents.
pub(crate) const OPENAPI: &str = "application/vnd.oai.openapi+json";

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// The dialect that an `Accept` header asks for; `None` when it takes no JSON at all. A client
/// that names problem documents gets its errors so, whatever else it takes.
pub(crate) fn negotiate(header: Option<&str>) -> Option<Dialect> {
    let Some(header) = header.filter(|header| !header.trim().is_empty()) else {
        return Some(Dialect::Drf);
    };
    let ranges: Vec<Range> = header.split(',').filter_map(Range::parse).collect();
    let takes = |names: &[&str]| {
        ranges.iter().any(|range| range.wanted && names.contains(&range.name.as_str()))
    };
    let refuses = |name| ranges.iter().any(|range| !range.wanted && range.name == name);
    if takes(&[PROBLEM]) {
        Some(Dialect::Problem)
    } else if takes(&[JSON]) || (takes(&["*/*", "application/*"]) && !refuses(JSON)) {
        Some(Dialect::Drf)
    } else {
        None
    }
}

/// Whether an `Accept` header takes this type: `*/*`, all of its kind, or itself.
pub(crate) fn takes(header: Option<&str>, name: &str) -> bool {
    let Some(header) = header.filter(|header| !header.trim().is_empty()) else {
        return true;
    };
    let kind = name.split('/').next().unwrap_or_default();
    let matching = [name.to_owned(), format!("{kind}/*"), "*/*".to_owned()];
    let ranges: Vec<Range> = header.split(',').filter_map(Range::parse).collect();
    // The most specific one counts.
    let mut found =
        matching.iter().filter_map(|name| ranges.iter().find(|range| range.name == *name));
    found.next().is_some_and(|range| range.wanted)
}

/// One media range; quality counts only in being zero or not.
struct Range {
    name: String,
    wanted: bool,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?.to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q="));
        let zero = quality.and_then(|text| text.parse::<f32>().ok()).is_some_and(|q| q <= 0.0);
        Some(Self { name, wanted: !zero })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_given_to_whoever_takes_it() {
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        for header in ["application/json", "*/*", "application/*", browser, "", "text/html, */*"] {
            assert_eq!(negotiate(Some(header)), Some(Dialect::Drf), "{header}");
        }
        assert_eq!(negotiate(None), Some(Dialect::Drf));
        assert_eq!(negotiate(Some("application/json; indent=4")), Some(Dialect::Drf));
    }

    #[test]
    fn problem_documents_are_given_to_whoever_names_them() {
        for header in ["application/problem+json", "application/json, application/problem+json"] {
            assert_eq!(negotiate(Some(header)), Some(Dialect::Problem), "{header}");
        }
    }

    #[test]
    fn a_type_is_taken_by_itself_by_its_kind_and_by_everything() {
        for header in ["text/event-stream", "text/*", "*/*", "", "a/b, TEXT/EVENT-STREAM;q=0.1"] {
            assert!(takes(Some(header), "text/event-stream"), "{header}");
        }
        assert!(takes(None, "text/event-stream"));
        for header in ["application/json", "text/html", "*/*, text/event-stream;q=0"] {
            assert!(!takes(Some(header), "text/event-stream"), "{header}");
        }
    }

    #[test]
    fn others_get_nothing() {
        for header in ["text/html", "application/xml", "application/json;q=0", "image/*"] {
            assert_eq!(negotiate(Some(header)), None, "{header}");
        }
    }
}
