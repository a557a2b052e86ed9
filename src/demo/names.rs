//! Names of people and organisations that do not exist.

/// A name, and its form in a username.
pub(crate) type Name = (&'static str, &'static str);

/// First and last names that are written in one script.
pub(crate) struct Family {
    pub(crate) first: &'static [Name],
    pub(crate) last: &'static [Name],
}

/// People are drawn from these in turn, the first ones most often.
pub(crate) const FAMILIES: [&Family; 8] =
    [&LATIN, &LATIN, &LATIN, &PERSIAN, &LATIN, &LATIN, &ARABIC, &LATIN];

/// Names in Latin script.
pub(crate) const LATIN: Family = Family {
    first: &[
        ("Amelia", "amelia"),
        ("Benedikt", "benedikt"),
        ("Chiara", "chiara"),
        ("Daniel", "daniel"),
        ("Elif", "elif"),
        ("Felix", "felix"),
        ("Grace", "grace"),
        ("Hugo", "hugo"),
        ("Ines", "ines"),
        ("Jakub", "jakub"),
        ("Katarína", "katarina"),
        ("Liam", "liam"),
        ("Maja", "maja"),
        ("Noah", "noah"),
        ("Oriane", "oriane"),
        ("Paweł", "pawel"),
        ("Renée", "renee"),
        ("Søren", "soren"),
        ("Teresa", "teresa"),
        ("Viktor", "viktor"),
    ],
    last: &[
        ("Andersen", "andersen"),
        ("Baumann", "baumann"),
        ("Castillo", "castillo"),
        ("Dvořák", "dvorak"),
        ("Eriksson", "eriksson"),
        ("Ferreira", "ferreira"),
        ("Grönwall", "gronwall"),
        ("Hartley", "hartley"),
        ("Ivanova", "ivanova"),
        ("Jansen", "jansen"),
        ("Keller", "keller"),
        ("Lindqvist", "lindqvist"),
        ("Moreau", "moreau"),
        ("Núñez", "nunez"),
        ("O'Connor", "oconnor"),
        ("Popescu", "popescu"),
        ("Rossi", "rossi"),
        ("Szabó", "szabo"),
        ("Tanaka", "tanaka"),
        ("Whitfield", "whitfield"),
    ],
};

/// Persian names.
pub(crate) const PERSIAN: Family = Family {
    first: &[
        ("آرش", "arash"),
        ("بهار", "bahar"),
        ("پریسا", "parisa"),
        ("داریوش", "dariush"),
        ("زهرا", "zahra"),
        ("کیان", "kian"),
        ("مریم", "maryam"),
        ("نیما", "nima"),
    ],
    last: &[
        ("رضایی", "rezaei"),
        ("احمدی", "ahmadi"),
        ("کریمی", "karimi"),
        ("محمدی", "mohammadi"),
        ("یوسفی", "yousefi"),
    ],
};

/// Arabic names.
pub(crate) const ARABIC: Family = Family {
    first: &[
        ("أمينة", "amina"),
        ("خالد", "khalid"),
        ("سلمى", "salma"),
        ("طارق", "tariq"),
        ("ليلى", "layla"),
        ("يوسف", "yusuf"),
    ],
    last: &[
        ("الحسن", "alhassan"),
        ("حداد", "haddad"),
        ("منصور", "mansour"),
        ("نصار", "nassar"),
        ("سعيد", "saeed"),
    ],
};

/// Insurers.
pub(crate) const INSURANCES: [&str; 10] = [
    "Aurora Mutual",
    "Blue Harbour Health",
    "Civic Care Fund",
    "Evergreen Insurance",
    "Lighthouse Medical",
    "Meadow Health Cooperative",
    "Northern Lights Cover",
    "Riverside Benefit Society",
    "Silverline Supplement",
    "بیمه سلامت البرز",
];

/// What doctors are trained in; one doctor each, at least.
pub(crate) const SPECIALITIES: [&str; 14] = [
    "General practice",
    "Cardiology",
    "Dermatology",
    "Endocrinology",
    "Gastroenterology",
    "Gynaecology",
    "Internal medicine",
    "Neurology",
    "Ophthalmology",
    "Orthopaedics",
    "Paediatrics",
    "Psychiatry",
    "Pulmonology",
    "Rheumatology",
];

/// What stands in patients' histories.
pub(crate) const HISTORIES: [&str; 12] = [
    "",
    "Seasonal allergies.",
    "High blood pressure, well controlled.",
    "Type 2 diabetes since 2019.",
    "Mild asthma since childhood.",
    "Appendix removed in 2011.",
    "Migraine, a few times a year.",
    "Knee surgery after a skiing accident, recovered.",
    "Underactive thyroid.",
    "Lactose intolerance.",
    "Wears glasses; otherwise healthy.",
    "High cholesterol, managed by diet.",
];
