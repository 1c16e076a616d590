//! The part of the table that is about talking to registries.

use super::{Code, code};

pub(super) const REGISTRY: &[Code] = &[
    code(
        "E-registry-unreachable",
        "The registry's host has no address, or nothing listens there, or the connection broke before an answer came, \
several times.",
        "Check the name and the network; behind a proxy set HTTPS_PROXY.",
    ),
    code(
        "E-registry-tls",
        "The host does not speak TLS, or shows a certificate that none of the trusted authorities vouches for. Plain \
HTTP is spoken with this machine itself and with registries that are called insecure.",
        "Put the authority's certificate into certs.d/HOST:PORT/ca.crt, or set `insecure` in registries.conf.",
    ),
    code(
        "E-registry-silent",
        "The host took the request, or the connection, and did not answer in time.",
        "Try again later.",
    ),
    code(
        "E-registry-slow",
        "A transfer crept, and crept again on other connections. It was given up.",
        "Try again later, or configure a mirror.",
    ),
    code(
        "E-registry-cut",
        "The connection broke in the middle of a transfer, and broke again each time that it was taken up.",
        "Try again later.",
    ),
    code(
        "E-registry-login",
        "The registry or its token server wants to know who you are, or does not take the credentials that are kept.",
        "Log in: coffer login REGISTRY.",
    ),
    code(
        "E-registry-denied",
        "The registry knows who you are, and says no.",
        "Ask whoever owns the repository, or log in as somebody else: coffer login REGISTRY.",
    ),
    code(
        "E-registry-missing",
        "The registry does not have it. Some say so too of what they do not want to show.",
        "Check the name, and log in if the repository is private: coffer login REGISTRY.",
    ),
    code(
        "E-registry-rate",
        "The registry takes no more requests for now. A wait of up to a minute that it asks for is kept.",
        "Wait, or log in, which often raises the limit: coffer login REGISTRY.",
    ),
    code(
        "E-registry-refused",
        "The registry refuses the request. The message has its status and its words.",
        "Ask the registry's operators.",
    ),
    code(
        "E-registry-failed",
        "The registry could not do it, and says that this is its own fault. It was asked several times.",
        "Try again later.",
    ),
    code(
        "E-registry-protocol",
        "The answer is not one that the distribution protocol knows.",
        "Check that the host is a registry; if it is, tell its operators.",
    ),
    code(
        "E-registry-redirect",
        "The registry redirects too often, or out of TLS, or redirects what is sent to it. That is not followed.",
        "If you trust the other host, name it yourself.",
    ),
    code(
        "E-registry-digest",
        "Bytes hash to something else than was claimed for them. Nothing of them was used; a manifest is kept as evidence.",
        "Take it as an attack until you know better, and tell the registry's operators.",
    ),
    code(
        "E-registry-size",
        "A blob has another size than its descriptor says. Nothing of it was used.",
        "Take it as an attack until you know better, and tell the registry's operators.",
    ),
    code(
        "E-registry-media-type",
        "A document is called one thing and looks like another, or like two things at once (CVE-2021-41190).",
        "Take it as an attack until you know better, and tell the registry's operators.",
    ),
    code(
        "E-registry-document",
        "A document of the registry is not what the specification says that it has to be.",
        "Check that the host is a registry; if it is, tell its operators.",
    ),
    code(
        "E-registry-limit",
        "An answer is longer than any honest one: manifests have at most 4 MiB, lists at most 10,000 pages.",
        "Check that the host is a registry; if it is, tell its operators.",
    ),
    code(
        "E-registry-source",
        "What was to be sent could not be read.",
        "Check the image: coffer image verify.",
    ),
    code(
        "E-registry-settings",
        "A file about registries cannot be read, or says what cannot be followed. The message has file, line and key.",
        "Mend the file; coffer help registries says what it may hold.",
    ),
    code(
        "E-registry-blocked",
        "A [[registry]] of this host's settings says `blocked = true`. The message has file and line. A block counts \
under every name that leads to the registry.",
        "Take the image from another registry, or have whoever keeps the file change it.",
    ),
    code(
        "E-registry-short-name",
        "The name has no registry, and the settings list several. Whichever answered first would be a matter of luck, \
so none of them is asked.",
        "Type the whole name, or give the short one an alias: coffer help registries.",
    ),
    code(
        "E-registry-certificate",
        "In a directory of certs.d a certificate lacks its key or a key its certificate, or one of them cannot be used.",
        "Put NAME.cert and NAME.key there, both in PEM, or take both away.",
    ),
    code(
        "E-registry-helper",
        "The program that keeps credentials is missing, or failed, or answered what is no credentials.",
        "Try it: echo REGISTRY | docker-credential-NAME get. Or take it out of `credHelpers` and `credsStore`.",
    ),
    code(
        "E-registry-proxy",
        "A variable such as HTTPS_PROXY does not hold the address of a proxy. Nothing was sent past it.",
        "Set it to an address like http://proxy.example:3128, or unset it.",
    ),
    code(
        "E-registry-keep",
        "The file for credentials cannot be written, or there is none because HOME is not set. The login is not kept.",
        "Name another file: coffer login --authfile FILE.",
    ),
    code(
        "E-registry-host",
        "The text cannot be a registry's host.",
        "Give a host, and a port where it needs one: registry.example:5000.",
    ),
    code(
        "E-registry-no-login",
        "No file and no helper has credentials for the registry.",
        "Log in: coffer login REGISTRY.",
    ),
];
