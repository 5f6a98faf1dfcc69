//! The hosts that may be spoken to.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// Salesforce's own domains: commercial, Hyperforce public sector, and the operator in China.
const DOMAINS: [&str; 6] =
    ["salesforce.com", "force.com", "salesforce.mil", "crmforce.mil", "sfcrmproducts.cn", "sfcrmapps.cn"];

/// Scheme, host and port of a Salesforce server: https on a Salesforce domain, or anything on this machine's loopback.
/// No request leaves for a URL that was not built from one of these.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin(Url);

impl Origin {
    /// Reads a URL that is an origin and nothing more.
    ///
    /// # Errors
    /// Says in words what is wrong with the URL, without repeating it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text.trim()).map_err(|error| format!("is not a URL ({error})"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not carry a user name or password".to_owned());
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("must be scheme and host only, without path or query".to_owned());
        }
        let origin = Self(url);
        origin.check_host()?;
        Ok(origin)
    }

    fn check_host(&self) -> Result<(), String> {
        match self.0.scheme() {
            "http" | "https" if self.is_loopback() => Ok(()),
            "https" if DOMAINS.iter().any(|domain| self.is_within(domain)) => Ok(()),
            "https" => Err(format!("is not on a Salesforce domain ({})", DOMAINS.join(", "))),
            "http" => Err("must be https; http is taken on the loopback only".to_owned()),
            _ => Err("must begin with https://".to_owned()),
        }
    }

    fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    fn is_within(&self, domain: &str) -> bool {
        let host = self.host();
        host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
    }

    /// Whether this is the same machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
    }

    /// Whether this is an org's own host, `….my.salesforce.com`, the only kind that grants client credentials.
    pub fn is_my_domain(&self) -> bool {
        let host = self.host();
        DOMAINS.iter().any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with(".my.")))
    }

    /// Whether logins here are for sandboxes.
    pub fn is_sandbox(&self) -> bool {
        let host = self.host();
        host == "test.salesforce.com" || host.contains(".sandbox.") || host.contains("--")
    }

    /// The origin as text, without a trailing slash.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// A URL on this host; no `path` can lead to another.
    pub(super) fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salesforce_and_the_loopback_are_taken() {
        for url in [
            "https://login.salesforce.com",
            "https://acme.my.salesforce.com/",
            "https://acme--uat.sandbox.my.salesforce.com",
            "https://acme.my.sfcrmproducts.cn",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost:3000",
        ] {
            assert!(Origin::parse(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn every_other_host_is_refused() {
        for url in [
            "http://login.salesforce.com",
            "https://evilsalesforce.com",
            "https://salesforce.com.evil.example",
            "https://login.salesforce.com@evil.example",
            "https://me:secret@login.salesforce.com",
            "https://login.salesforce.com/services",
            "https://login.salesforce.com?x=1",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1",
            "ftp://login.salesforce.com",
            "login.salesforce.com",
            "",
        ] {
            assert!(Origin::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_path_never_changes_the_host() {
        let origin = Origin::parse("https://acme.my.salesforce.com").unwrap();
        for path in ["//evil.example/x", "/\\evil.example", "https://evil.example", "@evil.example", "/../.."]
        {
            assert_eq!(origin.at(path).host_str(), Some("acme.my.salesforce.com"), "{path}");
        }
    }

    #[test]
    fn kinds_of_hosts() {
        let origin = |url| Origin::parse(url).unwrap();
        assert!(origin("https://acme--uat.sandbox.my.salesforce.com").is_my_domain());
        assert!(!origin("https://login.salesforce.com").is_my_domain());
        assert!(origin("https://test.salesforce.com").is_sandbox());
        assert!(!origin("https://acme.my.salesforce.com").is_sandbox());
    }
}
