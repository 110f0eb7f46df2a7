//! The normalised tables: what every parser writes and every check asks. `docs/evidence.md` prints the same list.
//!
//! A cell that a tool does not speak of is null: not said is not "no". Instants are whole seconds since 1970 UTC and
//! their columns end in `_at`; durations end in their unit; yes and no are 1 and 0. Names compare without case, so
//! accounts, hosts and domains are written in lower case.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// A number with a fraction.
    Fraction,
    /// Yes (1), no (0), or not said (null).
    Truth,
    /// Seconds since 1970 UTC.
    Instant,
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in queries.
    pub name: &'static str,
    /// What it holds.
    pub holds: Type,
    /// What it says, with unit.
    pub about: &'static str,
}

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name in queries.
    pub name: &'static str,
    /// What one row is.
    pub about: &'static str,
    /// Its columns, in the order of their cells. The first one names the subject.
    pub columns: &'static [Column],
}

impl Table {
    /// The table of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|t| t.name == name)
    }

    /// The place of a column among the cells.
    #[must_use]
    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == column)
    }
}

macro_rules! tables {
    ($($table:ident: $about:literal { $($column:ident $holds:ident $says:literal;)+ })+) => {
        /// Every table, in alphabetical order.
        pub const TABLES: &[Table] = &[$(Table {
            name: stringify!($table),
            about: $about,
            columns: &[$(Column { name: stringify!($column), holds: Type::$holds, about: $says }),+],
        }),+];
    };
}

tables! {
    access_grant: "A right to reach something for a time, with its reason" {
        account Text "who may";
        system Text "what may be reached";
        role Text "as what";
        by_provider Truth "whether the account is the provider's";
        ticket Text "ticket that asks for it";
        reason Text "why";
        approved_by Text "who approved it";
        from_at Instant "from when";
        to_at Instant "until when";
        managed Truth "whether the system is on the list of what the provider manages";
    }
    access_session: "One use of a remote access: a visit as a tool of one side recorded it" {
        id Text "its id in the tool";
        account Text "who";
        system Text "where";
        tool Text "through which tool";
        source_ip Text "from which address";
        path Text "which declared path it took";
        by_provider Truth "whether the account is the provider's";
        privileged Truth "whether it had administrator's rights";
        ticket Text "the ticket it names";
        reason Text "why";
        recorded Truth "whether it was recorded";
        recording_hash Text "SHA-256 of the recording, hex";
        from_at Instant "began";
        to_at Instant "ended";
        logged_at Instant "when the record of it could be read by the customer";
    }
    account: "One identity in one directory or tool" {
        id Text "its id in the directory";
        name Text "sign-in name, lower case";
        display Text "name for people";
        directory Text "where it lives: entra, ad, vpn, rmm, psa, backup, vault, local …";
        kind Text "person, service, shared, break-glass, guest, computer, managed-service";
        person Text "the person it belongs to";
        owner Text "who answers for it";
        by_provider Truth "whether it is the provider's";
        enabled Truth "whether it can sign in";
        admin Truth "whether it has administrator's rights";
        mailbox Truth "whether it has a mailbox or browses";
        created_at Instant "made";
        last_sign_in_at Instant "last success";
        password_set_at Instant "password or secret set";
        secret_ends_at Instant "secret or certificate ends";
        password_bytes Number "length of the secret, where a tool knows it";
        never_expires Truth "whether the password never expires";
        no_preauth Truth "whether Kerberos pre-authentication is off";
        spn Text "service principal names, joined with spaces";
        source_bound Truth "whether it may sign in from listed addresses only";
        idle_disabled Truth "whether it is enabled only inside approved windows";
        inventoried Truth "whether an inventory lists it";
        expires_at Instant "the account itself ends";
    }
    action: "One thing to be done after an exercise or incident" {
        id Text "its number";
        title Text "what";
        exercise Text "from which exercise or incident";
        owner Text "who";
        due_at Instant "by when";
        done_at Instant "done";
    }
    approval: "One entry of an approved list" {
        name Text "what is approved, lower case";
        list Text "which list: remote-tool, service, admin-member, path, connection, trust, managed-asset, exclusion …";
        owner Text "who answers for it";
        reason Text "why";
        approved_by Text "who approved it";
        reviewed_at Instant "last looked at";
        expires_at Instant "until when";
    }
    asset: "A critical system, configuration or data set that must survive" {
        name Text "its name, lower case";
        kind Text "system, configuration, data, image-role";
        critical Truth "whether it is critical";
        rpo_seconds Number "data loss allowed, seconds";
        rto_seconds Number "time to restore allowed, seconds";
        owner Text "who answers for it";
    }
    attack_path: "A way from an identity to the highest tier" {
        id Text "its id";
        from_account Text "where it begins";
        to_tier Text "where it ends";
        hops Number "steps";
        by_provider Truth "whether it begins at the provider's account";
        seen_at Instant "computed";
    }
    attestation: "A statement that a person signed" {
        id Text "its id";
        kind Text "what it is about, such as keys-separate or hardcopy";
        statement Text "what is stated";
        signer Text "who signed";
        signer_role Text "as what";
        signer_side Text "provider or customer";
        subject Text "about which thing";
        value Text "a stated value";
        signed_at Instant "signed";
        expires_at Instant "ends";
    }
    auth_method: "One way in which one account proves itself" {
        account Text "sign-in name, lower case";
        method Text "password, fido2, windows-hello, certificate, app, totp, push, sms, voice, email, tap …";
        phishing_resistant Truth "whether a false site cannot relay it";
        weak Truth "whether it is SMS, voice or mail";
        admin Truth "whether the account has administrator's rights";
        by_provider Truth "whether the account is the provider's";
        registered_at Instant "registered";
        from_managed Truth "whether it was registered from a managed device or with a temporary pass";
        reviewed Truth "whether somebody looked at the registration";
    }
    backup_job: "One run of a backup" {
        system Text "what was backed up, lower case";
        tool Text "by what";
        repository Text "where to";
        kind Text "data, configuration, image";
        snapshot Text "its id";
        bytes Number "size, bytes";
        succeeded Truth "whether it ended well";
        finished_at Instant "ended";
    }
    backup_store: "One repository of backups" {
        repository Text "its name";
        tool Text "of which tool";
        offline Truth "whether it is offline or air-gapped";
        immutable Truth "whether nobody can delete in it during retention";
        delete_refused Truth "whether an attempt to delete with the backup administrator's rights was refused";
        encrypted Truth "whether it is encrypted";
        keys_separate Truth "whether its keys lie neither on the backup host nor in the daily vault";
        keys_offline Truth "whether a copy of the keys is offline";
        domain_joined Truth "whether its console is joined to the production directory";
        checked_at Instant "last check of integrity";
        check_ok Truth "whether that check found nothing";
        errors Number "errors that it found";
        retention_seconds Number "retention, seconds";
    }
    case_record: "One alert or incident as it was worked on" {
        id Text "its id";
        title Text "what";
        severity Text "how severe";
        state Text "suspected, confirmed, closed, dismissed";
        account Text "the account it is about";
        explained Truth "whether the cause was written down";
        own_infrastructure Truth "whether it was on the provider's own systems";
        visible_to_customer Truth "whether the customer can see it";
        detected_at Instant "noticed";
        acknowledged_at Instant "a person took it";
        notified_at Instant "the other side was told";
        explained_at Instant "explained";
        notice_limit_seconds Number "time the contract allows for the notice, seconds";
    }
    component: "One part of a piece of software (SBOM)" {
        name Text "its name";
        version Text "its version";
        purl Text "package URL";
        kind Text "library, application, operating-system …";
        supplier Text "who makes it";
        licence Text "its licence";
        product Text "the product it is a part of";
    }
    connection: "A declared connection between networks" {
        id Text "its id";
        source Text "from which network (CIDR) or zone";
        destination Text "to which";
        port Number "port; null for any";
        protocol Text "tcp, udp, any";
        parties Text "internal, provider, customer, third-party";
        owner Text "who answers for it";
        reason Text "why";
        reviewed_at Instant "last looked at";
    }
    contract_finding: "What is wrong with a contract, as it was computed from its text; no document says it" {
        id Text "row and kind of the fault";
        kind Text "gap, overlap, weaker-than-floor, unbound, review-due, unsigned, one-sided, signed-other-text, not-yet, expired";
        row_key Text "which row";
        sentence Text "what is wrong and what to write instead";
    }
    contract_row: "One row of a contract, as it was read from its text; no document says it" {
        key Text "measure or clause, and the row's own name";
        about Text "id of the measure or clause";
        clause Truth "whether it is a clause of the catalogue";
        owed_by Text "provider, customer, both, nobody";
        provider Text "what the provider owes";
        customer Text "what the customer owes";
        threshold Text "the number promised, with its unit";
        checks Text "checks that prove it, joined with spaces";
        bound Truth "whether a check proves it";
        not_bought Truth "whether it was offered and not bought";
        review_at Instant "to be looked at again";
    }
    contract_signature: "One signature under a contract, as it was read from its text; no document says it" {
        signer Text "who signed";
        side Text "provider or customer";
        role Text "as what";
        over_text Truth "whether it is over the text that stands there";
        signed_at Instant "when";
    }
    contract_text: "A contract" {
        id Text "its id";
        version Number "its version";
        customer Text "of which customer";
        hash Text "SHA-256 of the text, hex";
        text Text "the contract, as TOML";
    }
    control: "What a tool said about one setting" {
        id Text "the tool's id, such as MS.AAD.1.1v1";
        title Text "what is asked";
        product Text "which product";
        result Text "pass, fail, warning, manual, error, not-applicable";
        criticality Text "how binding: shall, should …";
        details Text "what was seen";
    }
    control_test: "A test that somebody ran on purpose: an injection, a broken dependency, an attempt that must fail" {
        id Text "its id";
        kind Text "spray-injection, canary-injection, fail-open, tenant-isolation, delete-attempt, kill-switch, notify, restore-probe, rule-injection, thaw, search …";
        target Text "of what";
        expected Text "what had to happen";
        observed Text "what happened";
        passed Truth "whether both agree";
        seconds Number "how long it took, seconds";
        limit_seconds Number "how long it may take, seconds";
        by_side Text "who ran it: provider or customer";
        witness Text "who saw it";
        at_at Instant "when";
    }
    decision: "One row of a decision table: by when a vulnerability must be mended (CISA BOD 26-04)" {
        id Text "its row";
        exploited Truth "whether it is known to be exploited";
        exposed Truth "whether strangers reach what has it";
        automatable Truth "whether an attacker can automate it";
        impact Text "partial or total";
        due_days Number "days until it must be mended; null for the next upgrade";
        forensic Truth "whether traces must be looked for";
    }
    device: "One device or host" {
        id Text "its id or name, lower case";
        name Text "its name, lower case";
        address Text "address";
        kind Text "workstation, server, firewall, router, switch, vpn, hypervisor, printer, mobile, domain-controller …";
        os Text "operating system";
        os_version Text "its version";
        vendor Text "maker";
        model Text "model";
        firmware Text "firmware version";
        exposed Truth "whether strangers reach it over public networks";
        critical Truth "whether it is critical";
        tier Number "administrative tier, 0 is the highest";
        managed_by Text "provider or customer";
        supported_until_at Instant "end of the maker's support";
        last_seen_at Instant "last sign of life";
        sensor Text "endpoint sensor";
        sensor_seen_at Instant "last event of the sensor";
        app_control Text "enforce, audit, off";
        up Truth "whether a scan found it up";
        inventoried Truth "whether an inventory lists it";
        logs_at Instant "last record that arrived from it";
        scan_authenticated Truth "whether the scan that lists it was signed in on it";
        scan_feed_at Instant "date of the feed of tests that the scanner used";
    }
    document: "A plan, policy, map, register or matrix, by what is in it" {
        id Text "its id";
        kind Text "incident-plan, logging-policy, update-policy, connection-map, responsibility-matrix, printed-copy, profile …";
        title Text "its title";
        version Text "its version";
        hash Text "SHA-256 of the file, hex";
        names Text "what it names, words joined with spaces: executives technical procurement legal provider-contact …";
        owner Text "who answers for it";
        signed_by_provider Text "who signed for the provider";
        signed_by_customer Text "who signed for the customer";
        dated_at Instant "its date";
        review_at Instant "to be looked at again";
        received_at Instant "when the other side had it";
    }
    exercise: "One exercise" {
        id Text "its id";
        kind Text "incident, recovery, kill-switch, notify …";
        joint Truth "whether both sides took part";
        at_at Instant "when";
        acknowledged_seconds Number "until somebody took it";
        notified_seconds Number "until the other side was told";
        isolated_seconds Number "until it was isolated";
        revoked_seconds Number "until every access of the provider was cut";
        restored_seconds Number "until things worked again";
    }
    feed_epss: "Probability that a vulnerability is exploited within 30 days (FIRST EPSS)" {
        cve Text "CVE id";
        score Fraction "0 to 1";
        percentile Fraction "0 to 1";
    }
    feed_kev: "A vulnerability that is known to be exploited (CISA KEV)" {
        cve Text "CVE id";
        vendor Text "maker";
        product Text "product";
        ransomware Truth "whether known in ransomware campaigns";
        added_at Instant "listed";
        due_at Instant "due date of the catalogue";
    }
    feed_lifecycle: "End of support of a product" {
        product Text "product, lower case";
        version Text "version or branch";
        ends_at Instant "end of support";
    }
    feed_remote_tool: "A remote-management tool of the catalogue (LOLRMM)" {
        tool Text "its name";
        kind Text "how the mark looks: name, process, signer, domain, path";
        mark Text "what gives it away, lower case";
    }
    feed_ssvc: "Decision points of a vulnerability (SSVC)" {
        cve Text "CVE id";
        automatable Truth "whether an attacker can automate it";
        impact Text "partial or total";
    }
    flow: "A connection that was seen on the network" {
        id Text "its id";
        source Text "from which address";
        destination Text "to which address";
        port Number "destination port";
        protocol Text "tcp, udp, icmp …";
        bytes Number "bytes both ways";
        service Text "what was spoken";
        accepted Truth "whether it was let through";
        at_at Instant "when";
    }
    group_member: "A member of a group; nested groups are members too" {
        member Text "account or group, lower case";
        group_name Text "the group, lower case";
        member_kind Text "account or group";
        directory Text "where";
        by_provider Truth "whether the member is the provider's";
    }
    image: "A gold image" {
        role Text "for which role";
        version Text "its version";
        built_at Instant "built";
        booted_at Instant "last boot in a test";
        boot_ok Truth "whether it booted";
    }
    log_source: "One source of logs, measured over its records" {
        source Text "its name";
        class Number "priority class, 1 is the highest";
        mandatory Truth "whether it must be kept";
        transport Text "tls13, mtls, tls, syslog, file, own …";
        events Number "records in the last 30 days";
        onboarded_at Instant "since when it must be there";
        oldest_searchable_at Instant "oldest record that a search finds";
        oldest_retrievable_at Instant "oldest record that can be brought back";
        last_at Instant "newest record";
        gap_p99_seconds Number "99th percentile of its gaps, seconds";
        gap_max_seconds Number "largest gap without an explanation, seconds";
        silence_alert_seconds Number "how long after it fell silent an alert came, seconds";
        delay_p95_seconds Number "95th percentile of receipt minus event time, seconds";
        offset_p95_seconds Number "95th percentile of the clock's error, seconds";
        time_sources Number "independent time sources";
        utc Truth "whether its times are in UTC or name their zone";
        rules Number "enabled rules over it";
        rule_proved_at Instant "last time a rule over it was proven by an injected event";
        kind Text "what it is: endpoint-detection, network-monitoring, allow-listing, identity, remote-access …";
    }
    log_store: "The store in which logs lie" {
        store Text "its name";
        segregated Truth "whether production administrators cannot reach it";
        zone_separate Truth "whether it stands in a network zone of its own";
        cross_denied Truth "whether one customer's key was refused on another's store";
        chain_ok Truth "whether the customer's own verifier found an unbroken chain";
        records Number "records under the last checkpoint that was verified";
        root Text "root of that checkpoint";
        verified_by Text "which program verified: bailiwick-verify, bailiwick-witness …";
        two_gate Truth "whether ending records early needs both sides";
        retention_days Number "days that records are kept at least";
        early_ends Number "records ended before their term";
        tombstones Number "ends with a tombstone";
        verified_at Instant "verified";
    }
    mail_domain: "What the world can ask about a mail domain (DNS)" {
        domain Text "the domain, lower case";
        sends Truth "whether it sends mail";
        spf Text "the SPF record";
        spf_records Number "how many SPF records there are";
        spf_all Text "how it ends: -all, ~all, ?all, +all, or null";
        spf_lookups Number "DNS look-ups that it takes";
        dmarc Text "the DMARC record";
        dmarc_policy Text "none, quarantine, reject";
        dmarc_subdomain_policy Text "policy of its subdomains, as in force";
        dmarc_rua Text "where reports go";
        dkim_selectors Number "selectors that resolve";
        dkim_bits Number "weakest key, bits";
        mta_sts Text "enforce, testing, none, or null";
        tls_rpt Truth "whether TLS reports are asked for";
        starttls Truth "whether its mail servers offer STARTTLS";
        by_provider Truth "whether it is the provider's domain";
    }
    mail_report: "One row of a DMARC aggregate or TLS report" {
        domain Text "the domain reported on, lower case";
        kind Text "dmarc or tls";
        reporter Text "who reports";
        source_ip Text "sending address";
        messages Number "messages or sessions";
        failed Number "of which failed";
        spf Text "pass or fail, aligned";
        dkim Text "pass or fail, aligned";
        disposition Text "none, quarantine, reject";
        from_at Instant "from";
        to_at Instant "to";
    }
    person: "A person as the personnel or service office knows them" {
        id Text "their id";
        name Text "their name";
        account Text "their sign-in name, lower case";
        side Text "provider or customer";
        role Text "their role";
        joined_at Instant "joined";
        left_at Instant "left";
        role_changed_at Instant "role changed";
        rights_changed_at Instant "rights changed after that";
        disabled_at Instant "account disabled";
        shared_rotated_at Instant "shared secrets rotated after they left";
        trained_at Instant "last security training";
    }
    remote_tool: "A remote-management tool seen on a device" {
        device Text "where, lower case";
        tool Text "which tool, lower case";
        process Text "its process, lower case";
        signer Text "who signed it";
        domain Text "the domain it speaks to";
        seen_at Instant "last seen";
    }
    restore_test: "A restore that was really run" {
        system Text "what was restored, lower case";
        tool Text "by what";
        snapshot Text "from which snapshot";
        bytes Number "bytes restored";
        files Number "files restored";
        seconds Number "duration, seconds";
        rto_seconds Number "duration allowed, seconds";
        hash_ok Truth "whether a sample's hash is that of the source";
        probe_ok Truth "whether the application answered";
        succeeded Truth "whether it ended well";
        at_at Instant "when";
    }
    review: "A look that somebody took, and signed" {
        id Text "its id";
        kind Text "entitlement, attack-surface, firewall, log, contract, provider-verification, mfa-registration …";
        subject Text "of what";
        signer Text "who signed";
        signer_side Text "provider or customer";
        items Number "things looked at";
        open_items Number "things left open";
        at_at Instant "when";
    }
    role_grant: "A role that an account has or may take" {
        account Text "who, lower case";
        role Text "which role";
        scope Text "over what";
        directory Text "where";
        privileged Truth "whether the role can take over the whole directory";
        permanent Truth "whether it has no end";
        active Truth "whether it is in force without being asked for";
        by_provider Truth "whether the account is the provider's";
        status Text "active, eligible, terminated, expired …";
        from_at Instant "from";
        to_at Instant "until";
        activation_seconds Number "longest activation, seconds";
    }
    rule: "One rule of a packet filter" {
        id Text "its id";
        device Text "of which device";
        chain Text "its chain or policy";
        from_zone Text "from which zone";
        to_zone Text "to which zone";
        source Text "from which addresses; any, or null";
        destination Text "to which addresses";
        port Text "ports";
        protocol Text "tcp, udp, any";
        verdict Text "accept, drop, reject …";
        enabled Truth "whether it is in force";
        from_any Truth "whether it lets anybody from outside in";
        owner Text "who answers for it";
        reason Text "why it is there";
        reviewed_at Instant "last looked at";
    }
    secret: "One secret, by a keyed fingerprint" {
        id Text "its id where it was found";
        fingerprint Text "keyed fingerprint (HMAC), never the secret";
        kind Text "password, ssh-key, api-client, nt-hash …";
        place Text "where: vault, group-policy, script, rmm-field, psa-note, authorized-keys …";
        account Text "of which account";
        customers Number "customers on which it works";
        plain Truth "whether it lies there readable";
        admin Truth "whether it opens administrator's rights";
        rotated_at Instant "last changed";
    }
    service: "A port that answers" {
        id Text "address, protocol and port";
        device Text "whose, lower case";
        address Text "address";
        port Number "port";
        protocol Text "tcp or udp";
        name Text "what answers";
        product Text "product";
        version Text "its version";
        cpe Text "CPE name";
        outside Truth "whether it was seen from outside";
        first_seen_at Instant "first seen";
        last_flow_at Instant "last connection that was seen";
    }
    setting: "A setting of a directory, host or product" {
        name Text "which setting, such as lockoutThreshold";
        value Text "its value";
        scope Text "where it holds";
        directory Text "of which directory or product";
        locked Truth "whether users cannot change it";
    }
    sign_in: "One attempt to sign in" {
        id Text "its id";
        account Text "who, lower case";
        directory Text "where";
        succeeded Truth "whether it was let in";
        failure Text "why not";
        by_provider Truth "whether the account is the provider's";
        requirement Text "multi-factor, single-factor";
        method Text "how it was proven";
        client Text "which client";
        legacy Truth "whether by a protocol that knows no second factor";
        resource Text "to what";
        device Text "to or from which device";
        logon_type Number "Windows logon type";
        source_ip Text "from where";
        interactive Truth "whether a person sat there";
        managed_device Truth "whether from a managed device";
        at_at Instant "when";
    }
    software: "A program on a device" {
        device Text "where, lower case";
        name Text "its name";
        version Text "its version";
        vendor Text "maker";
        supported_until_at Instant "end of the maker's support";
        installed_at Instant "installed";
    }
    tls_endpoint: "A place that speaks TLS" {
        id Text "host and port";
        host Text "host, lower case";
        port Number "port";
        subject Text "name on the certificate";
        issuer Text "who issued it";
        trusted Truth "whether its chain is trusted";
        inventoried Truth "whether an inventory lists it";
        weak Text "weak protocols and ciphers it offers, joined with spaces";
        starts_at Instant "certificate from";
        ends_at Instant "certificate until";
    }
    trust: "A trust between directories, or a guest's door" {
        partner Text "the other directory, lower case";
        kind Text "domain, forest, federation, cross-tenant, guest, gdap";
        direction Text "inbound, outbound, both";
        sid_filtering Truth "whether foreign SIDs are filtered";
        approved Truth "whether it is on the approved list";
        roles Text "roles it carries, joined with spaces";
        status Text "active, terminated, expired …";
        ends_at Instant "until";
        duration_seconds Number "how long it was given for, seconds";
        auto_extend Truth "whether it extends itself";
    }
    update: "An update that a device has or lacks" {
        id Text "its number";
        device Text "where, lower case";
        product Text "of what";
        class Text "os, application, browser, office, security, firmware, driver, online-service";
        severity Text "critical, high, medium, low, or null";
        score Fraction "CVSS";
        installed Truth "whether it is installed";
        exploited Truth "whether exploits are known";
        released_at Instant "released";
        installed_at Instant "installed";
    }
    vendor: "A supplier or sub-provider" {
        id Text "its id";
        name Text "its name";
        service Text "what it supplies";
        purpose Text "what for";
        sensitivity Text "how sensitive the data are";
        contract Text "reference of the contract";
        contact Text "contact";
        contact_24x7 Text "contact at any hour";
        access Text "what it can reach";
        subcontractor Truth "whether it is the provider's sub-provider";
        tool Text "tool it supplies, lower case";
        tool_version Text "version of that tool";
        notice_channel Text "where it announces vulnerabilities";
        exposed Truth "whether the tool can be reached from outside";
        assessed_at Instant "last assessed";
        next_assessment_at Instant "next assessment";
        reviewed_at Instant "entry last looked at";
        change_at Instant "significant change takes effect";
        notice_at Instant "change announced";
    }
    vulnerability: "A vulnerability on something" {
        id Text "CVE, advisory or plugin";
        cve Text "CVE ids, joined with spaces";
        device Text "where, lower case";
        title Text "what";
        severity Text "critical, high, medium, low, none";
        score Fraction "CVSS base score";
        package Text "in which package";
        version Text "in which version";
        fixed_in Text "mended in";
        port Text "on which port";
        authenticated Truth "whether the scan was signed in";
        default_credential Truth "whether it is a default credential";
        unsupported Truth "whether it says that support has ended";
        exposed Truth "whether strangers reach it";
        exploited Truth "whether exploits are known";
        found_at Instant "first found";
        published_at Instant "published";
    }
    zone: "A network and how far it is trusted" {
        name Text "its name";
        network Text "CIDR";
        trust Text "outside, provider, customer, identity, management, internal …";
        device Text "defined on";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_columns_are_named_once_and_times_end_in_at() {
        assert!(TABLES.windows(2).all(|w| w[0].name < w[1].name), "tables are in order");
        for table in TABLES {
            let mut names: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|w| w[0] != w[1]), "{}", table.name);
            for column in table.columns {
                assert_eq!(
                    column.holds == Type::Instant,
                    column.name.ends_with("_at"),
                    "{}.{}",
                    table.name,
                    column.name
                );
            }
        }
    }
}
