//! Rows of osquery's tables as rows of ours. All its values are text.

use super::super::pages::Entry;
use crate::row::Row;
use crate::text;
use model::Time;

/// One table of osquery, told by columns that only it has together.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) marks: &'static [&'static str],
    pub(super) row: fn(Entry<'_>, Option<&str>) -> Result<Vec<Row>, String>,
}

/// The most particular first.
pub(super) const SHAPES: &[Shape] = &[
    Shape { name: "system_info", marks: &["hardware_vendor", "hostname"], row: system },
    Shape { name: "os_version", marks: &["name", "version", "platform", "major"], row: os },
    Shape { name: "patches", marks: &["hotfix_id"], row: patch },
    Shape { name: "disk_encryption", marks: &["encrypted", "name", "uuid"], row: disk },
    Shape { name: "bitlocker_info", marks: &["protection_status", "drive_letter"], row: bitlocker },
    Shape { name: "listening_ports", marks: &["port", "protocol", "address"], row: port },
    Shape { name: "secureboot", marks: &["secure_boot"], row: secure_boot },
    Shape { name: "users", marks: &["username", "uid", "directory"], row: user },
    Shape { name: "deb_packages", marks: &["name", "version", "source", "arch"], row: package },
    Shape { name: "rpm_packages", marks: &["name", "version", "release", "arch"], row: rpm },
    Shape { name: "apps", marks: &["name", "bundle_identifier"], row: app },
    Shape { name: "programs", marks: &["name", "version", "publisher"], row: program },
];

type Rows = Result<Vec<Row>, String>;

fn system(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let name = entry.name("hostname")?.or(entry.name("computer_name")?).or(host.map(str::to_owned));
    Ok(vec![
        Row::of("device")
            .with("id", name.clone())
            .with("name", name)
            .with("vendor", entry.text("hardware_vendor")?)
            .with("model", entry.text("hardware_model")?),
    ])
}

fn os(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let name = entry.needed("name")?;
    let kind = name.to_lowercase().contains("server").then_some("server");
    Ok(vec![
        Row::of("device")
            .with("id", host)
            .with("name", host)
            .with("kind", kind)
            .with("os", name)
            .with("os_version", entry.text("version")?),
    ])
}

fn patch(entry: Entry<'_>, host: Option<&str>) -> Rows {
    Ok(vec![
        Row::of("update")
            .with("id", entry.needed("hotfix_id")?)
            .with("device", host)
            .with("product", entry.text("caption")?.or(entry.text("description")?))
            .with("class", "os")
            .with("installed", true)
            .with("installed_at", entry.text("installed_on")?.and_then(american)),
    ])
}

/// `11/3/2026`, as Windows tells it to osquery whatever the host's language: month, day, year. What is written in
/// another way is not said.
fn american(told: &str) -> Option<Time> {
    let mut parts = told.split('/').map(|p| p.trim().parse::<i16>().ok());
    let (month, day, year) = (parts.next()??, parts.next()??, parts.next()??);
    let date = jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

fn setting(host: Option<&str>, name: String, value: impl Into<String>) -> Row {
    Row::of("setting")
        .with("name", name)
        .with("value", value.into())
        .with("scope", host)
        .with("directory", "local")
}

fn disk(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let encrypted = entry.truth("encrypted")?.ok_or("has no `encrypted`")?;
    Ok(vec![setting(host, format!("disk_encryption.{}", entry.needed("name")?), encrypted.to_string())])
}

fn bitlocker(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let value = match entry.number("protection_status")?.ok_or("has no `protection_status`")? {
        0 => "false",
        1 => "true",
        _ => "unknown",
    };
    Ok(vec![setting(host, format!("disk_encryption.{}", entry.needed("drive_letter")?), value)])
}

fn secure_boot(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let on = entry.truth("secure_boot")?.ok_or("has no `secure_boot`")?;
    Ok(vec![setting(host, "secure_boot".into(), on.to_string())])
}

fn port(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let port = entry.number("port")?.ok_or("has no `port`")?;
    // Sockets of the machine itself have port 0.
    if port == 0 {
        return Ok(vec![]);
    }
    if !(1..=65_535).contains(&port) {
        return Err(format!("{port} is no port"));
    }
    let protocol = match entry.needed("protocol")? {
        "6" => "tcp",
        "17" => "udp",
        _ => return Ok(vec![]),
    };
    let address = entry.text("address")?;
    Ok(vec![
        Row::of("service")
            .with("id", format!("{}/{protocol}/{port}", address.or(host).unwrap_or("*")))
            .with("device", host)
            .with("address", address)
            .with("port", port)
            .with("protocol", protocol)
            .with("name", entry.text("name")?)
            .with("outside", false),
    ])
}

fn user(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let shell = entry.text("shell")?.unwrap_or("");
    // A shell that ends at once means that nobody signs in; another shell says nothing about the password.
    let closed = ["nologin", "/false"].iter().any(|end| shell.ends_with(end));
    let name = text::name(entry.needed("username")?);
    Ok(vec![
        Row::of("account")
            .with("id", host.map(|host| format!("{host}/{name}")))
            .with("name", name)
            .with("display", entry.text("description")?)
            .with("directory", "local")
            .with("enabled", closed.then_some(false))
            .with("admin", (entry.text("uid")? == Some("0")).then_some(true)),
    ])
}

fn software(host: Option<&str>, name: &str, version: Option<String>) -> Row {
    Row::of("software").with("device", host).with("name", name).with("version", version)
}

fn package(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let version = entry.text("version")?.map(str::to_owned);
    Ok(vec![software(host, entry.needed("name")?, version).with("vendor", entry.text("maintainer")?)])
}

fn rpm(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let (version, release) = (entry.text("version")?, entry.text("release")?);
    let version = version.map(|v| release.map_or_else(|| v.to_owned(), |r| format!("{v}-{r}")));
    let at = entry.number("install_time")?.and_then(|s| Time::from_second(s).ok());
    let row = software(host, entry.needed("name")?, version);
    Ok(vec![row.with("vendor", entry.text("vendor")?).with("installed_at", at)])
}

fn app(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let version = entry.text("bundle_short_version")?.or(entry.text("bundle_version")?).map(str::to_owned);
    Ok(vec![software(host, entry.needed("name")?, version)])
}

fn program(entry: Entry<'_>, host: Option<&str>) -> Rows {
    let version = entry.text("version")?.map(str::to_owned);
    // `20261103`, as the registry holds it.
    let at = entry.text("install_date")?.filter(|d| d.len() == 8 && d.bytes().all(|b| b.is_ascii_digit()));
    let at = at.and_then(|d| text::instant(&format!("{}-{}-{}", &d[..4], &d[4..6], &d[6..])));
    let row = software(host, entry.needed("name")?, version);
    Ok(vec![row.with("vendor", entry.text("publisher")?).with("installed_at", at)])
}
