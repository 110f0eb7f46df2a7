//! Holds the parsers from outside: on the public corpora where they are, and on made documents of every kind.
<<<<<<< HEAD

mod scanners;
=======
>>>>>>> 7490f6c (evidence: the CSV form with mapping files, and answers of osquery)
