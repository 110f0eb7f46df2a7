//! Every fault that the program names, with its code: what it means and what to do. One flat list.

/// A code, its title, and its page.
pub(crate) struct Code {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) page: &'static str,
}

/// All codes. A code is never given a second meaning.
pub(crate) const CODES: [Code; 35] = [
    Code {
        code: "BW-1001",
        title: "the command line cannot be understood",
        page: "A command, option or value is not one that the program knows. `bailiwick help` lists the commands, `bailiwick COMMAND --help` the options of one.",
    },
    Code {
        code: "BW-1002",
        title: "there is no home",
        page: "A home is the folder in which a provider keeps customers, keys and vaults. Make one with `bailiwick init --provider NAME`, or name another with `--home DIR` or the variable BAILIWICK_HOME.",
    },
    Code {
        code: "BW-1003",
        title: "there is a home already",
        page: "`init` never touches a home that exists. Nothing was changed. Name another folder with `--home DIR`.",
    },
    Code {
        code: "BW-1004",
        title: "there is no such customer",
        page: "`bailiwick customer ls` lists the customers; `bailiwick customer add ID --name TEXT` adds one.",
    },
    Code {
        code: "BW-1005",
        title: "there is such a customer already",
        page: "Nothing was changed. `bailiwick customer show ID` shows the one there is.",
    },
    Code {
        code: "BW-1006",
        title: "a name cannot be used",
        page: "Ids have 1 to 63 characters of a-z, 0-9 and `-`, and begin with a letter or digit. They become folders and names in signatures, so nothing else is taken. Names for people have at most 200 bytes and no control characters.",
    },
    Code {
        code: "BW-1007",
        title: "a query cannot be understood",
        page: "The message says in which column. `bailiwick hunt --help` shows the language: words, field:value, wildcards, comparisons, networks, and, or, not, parentheses.",
    },
    Code {
        code: "BW-1008",
        title: "there is nothing at this path",
        page: "The path was given, and there is no file or folder there. Look for a typing mistake; `-` stands for standard input where a command reads one stream.",
    },
    Code {
        code: "BW-1009",
        title: "a time cannot be understood",
        page: "Times are written as RFC 3339, such as 2026-11-01T10:00:00Z, or as a date, 2026-11-01, which begins at midnight UTC.",
    },
    Code {
        code: "BW-1010",
        title: "there is no such thing",
        page: "No alert, rule or code has this name. The message says where a list is.",
    },
    Code {
        code: "BW-1011",
        title: "the configuration cannot be understood",
        page: "`config.toml` in the home holds one table. Known: `rules`, a list of folders or files of Sigma rules, and `checks`, a list of folders of checks. `bailiwick config show --origin` says what is taken from where.",
    },
    Code {
        code: "BW-1012",
        title: "a place is not empty",
        page: "A bundle goes into an empty folder, so that every file in it is one that the manifest lists. Name another folder.",
    },
    Code {
        code: "BW-1013",
        title: "records may not be kept so short a time",
        page: "Six months of logs are the least (AA22-131A); six calendar months can be 184 days, so fewer are refused, whatever a contract says. Fewer than are in force are refused too: shortening takes both sides' signatures and 30 days' notice in the log.",
    },
    Code {
        code: "BW-1014",
        title: "an escrow cannot be made or opened",
        page: "An escrow is a customer's key, wrapped for the customer's own escrow key: `key new` makes that pair, `key escrow` wraps, `key restore` opens. It opens only with the secret key of the pair that it was made for, for the same customer of the same provider, and only until the customer's key is rotated.",
    },
    Code {
        code: "BW-1015",
        title: "there is no such kind or format of evidence",
        page: "`bailiwick evidence kinds` lists the kinds with what each is, `bailiwick evidence formats` the formats. A format that says what it is needs no `--kind`; a CSV file does.",
    },
    Code {
        code: "BW-1016",
        title: "a check cannot be used",
        page: "A check is a folder with `check.toml` and `fixtures/NAME/case.toml`; the message says which file and member is wrong. `bailiwick check new ID --measure M --out DIR` writes one that works, `bailiwick check test DIR` tries it. No answer is given while a check of the configuration is broken: a question that silently goes missing would look like good news.",
    },
    Code {
        code: "BW-1017",
        title: "there is no such profile",
        page: "A profile gives the checks their parameters: alert-floor, hipaa, hipaa-nprm, us-cpg2, uk-ce-3.3, au-e8-ml1, au-e8-ml2, au-e8-ml3. Without `--profile` it is alert-floor.",
    },
    Code {
        code: "BW-1018",
        title: "an exception cannot be made",
        page: "An exception names one check and side, why, what is done instead, from when and until when, at most twelve months. It is in force only with an approval of both sides; without them it is kept as proposed. It ends by itself.",
    },
    Code {
        code: "BW-1019",
        title: "a feed cannot be taken",
        page: "A feed is a public list that is used for all customers, such as the vulnerabilities known to be exploited. One that is empty, cut short or of another kind does not take the place of the one there is; nothing was changed.",
    },
    Code {
        code: "BW-1020",
        title: "a document is too large",
        page: "A document of evidence has at most 1 GiB. Export less at a time: one site, one week, one target a file; documents of one kind and different scope stand beside each other.",
    },
    Code {
        code: "BW-1021",
        title: "a contract cannot be taken",
        page: "A contract is a TOML file with a head, both parties and a row for each measure and clause. Each fault is told with line, column and caret, and what to write instead; `bailiwick contract new` prints a draft that is whole. A version that both sides signed is never replaced: a new text gets the next number.",
    },
    Code {
        code: "BW-1022",
        title: "a policy or threshold cannot be taken",
        page: "A policy is a TOML file of lines, each with what it allows, which one, an end and a reason; thresholds are whole numbers within bounds. Nothing was changed. `bailiwick customer policy set --help` shows a whole policy, `bailiwick detect ls` every threshold with its bounds.",
    },
    Code {
        code: "BW-1101",
        title: "rules were refused",
        page: "Each is told with file, line, column and reason. The others were loaded.",
    },
    Code {
        code: "BW-1102",
        title: "checks fail their own fixtures",
        page: "A fixture says which answer must come from its files, and another one came; or a check that is met stays met with a file missing, cut, empty or two years old, so that missing evidence would look like good news. The message names check, fixture and reason.",
    },
    Code {
        code: "BW-3001",
        title: "something could not be read",
        page: "Part of what was given could not be read; the summary says what and where. Everything that could be read was taken, and what could not be parsed is kept raw with its defects.",
    },
    Code {
        code: "BW-3002",
        title: "a document of evidence is not whole",
        page: "It ended early, lacks parts, or holds nothing that can be used. It is sealed all the same, because a collection that failed is evidence too: until a whole one of the same kind and scope is added, checks that stand on it say `error` or `unknown`, never `met`.",
    },
    Code {
        code: "BW-3003",
        title: "an event cannot be read",
        page: "The record that was named is cut short, is not of its form, or is binary. What could not be read says nothing about a rule, so nothing is explained. Say what the file holds with `--format`, or mend it.",
    },
    Code {
        code: "BW-4001",
        title: "a vault does not verify",
        page: "A file of the vault is not what was written, or is missing. Someone or something changed it: compare with the customer's own copy, do not write to it, and keep it as it is for whoever looks into it. `bailiwick verify --customer ID` names every place.",
    },
    Code {
        code: "BW-4002",
        title: "verification failed",
        page: "The records are not those that were sealed. The findings say which threat each one points to (A1 changed, A3 missing, A4 two histories), which records and which file. Compare with another copy and with the last checkpoint that a witness keeps.",
    },
    Code {
        code: "BW-5001",
        title: "the home is in use",
        page: "One process writes to a home at a time; the message says which. Wait for it to end. Commands that only read go on meanwhile.",
    },
    Code {
        code: "BW-5002",
        title: "a key is missing or damaged",
        page: "Without its keys nothing in a vault can be read. Bring back the folder `keys` from its backup; it is never a part of a vault or bundle.",
    },
    Code {
        code: "BW-5003",
        title: "a file cannot be read or written",
        page: "The machine refused: look at rights, space and the medium. What was acknowledged before is safe; what was being written was not acknowledged and can be given again.",
    },
    Code {
        code: "BW-5004",
        title: "a file of the home is damaged",
        page: "A file that holds no records (home.json, customers/…) is not what was written. Bring it back from a backup.",
    },
    Code {
        code: "BW-5005",
        title: "sealing failed",
        page: "What was being sealed was not acknowledged. Give the same files again: what was sealed before is noticed.",
    },
    Code {
        code: "BW-5006",
        title: "interrupted",
        page: "Somebody pressed Ctrl-C. What was sealed before is safe; give the same files again to go on.",
    },
];

/// The page of a code.
pub(crate) fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|c| c.code.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_each_stands_once() {
        assert!(CODES.windows(2).all(|w| w[0].code < w[1].code));
        assert!(CODES.iter().all(|c| c.page.len() > 60 && !c.title.ends_with('.')));
    }
}
