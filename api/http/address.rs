//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::{
    HttpRequest,
    http::header::{FORWARDED, HeaderName, X_FORWARDED_FOR},
};
use ihs_config::ServerSettings;

/// The address of the client: of the connection; or, where the settings say that a proxy stands in
/// front, the one that it saw. Only the last that is named comes from our proxy: the client may
/// have sent those before.
pub(crate) fn of(request: &HttpRequest, settings: &ServerSettings) -> IpAddr {
    let told = if settings.behind_proxy { told(request) } else { None };
    let peer = || request.peer_addr().map(|peer| peer.ip());
    told.or_else(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical()
}

fn told(request: &HttpRequest) -> Option<IpAddr> {
    last(request, &X_FORWARDED_FOR).and_then(parse).or_else(|| {
        let pairs = last(request, &FORWARDED)?.split(';');
        let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| name.eq_ignore_ascii_case("for")).and_then(|(_, node)| parse(node))
    })
}

fn last<'request>(request: &'request HttpRequest, name: &HeaderName) -> Option<&'request str> {
    let line = request.headers().get_all(name).last()?.to_str().ok()?;
    line.rsplit(',').next()
}

/// `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1`, `"[2001:db8::1]:8080"`.
fn parse(node: &str) -> Option<IpAddr> {
    let node = node.trim().trim_matches('"');
    let bare = node.strip_prefix('[').and_then(|node| node.strip_suffix(']')).unwrap_or(node);
    bare.parse().ok().or_else(|| node.parse().ok().map(|address: SocketAddr| address.ip()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(headers: &[(&'static str, &str)], settings: &ServerSettings) -> String {
        let peer = SocketAddr::from(([10, 0, 0, 1], 4_000));
        let mut request = TestRequest::default().peer_addr(peer);
        for header in headers {
            request = request.append_header(*header);
        }
        of(&request.to_http_request(), settings).to_string()
    }

    #[test]
    fn what_anybody_can_send_does_not_count_without_a_proxy() {
        let headers = [("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=2.2.2.2")];
        assert_eq!(seen(&headers, &ServerSettings::default()), "10.0.0.1");
    }

    #[test]
    fn behind_a_proxy_the_last_address_counts() {
        let settings = ServerSettings { behind_proxy: true, ..ServerSettings::default() };
        for (headers, address) in [
            (vec![], "10.0.0.1"),
            (vec![("x-forwarded-for", "6.6.6.6, 1.1.1.1")], "1.1.1.1"),
            (vec![("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.1.1.1:80")], "1.1.1.1"),
            (vec![("x-forwarded-for", "2001:db8::1")], "2001:db8::1"),
            (vec![("x-forwarded-for", "unknown")], "10.0.0.1"),
            (
                vec![("forwarded", "for=6.6.6.6, for=\"[2001:db8::1]:80\";proto=https")],
                "2001:db8::1",
            ),
            (vec![("forwarded", "For=6.6.6.6"), ("x-forwarded-for", "1.1.1.1")], "1.1.1.1"),
        ] {
            assert_eq!(seen(&headers, &settings), address, "{headers:?}");
        }
    }
}
