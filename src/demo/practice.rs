//! What the demo clinics know of. Invented, plausible, and no medical advice.

/// A clinic.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) city: &'static str,
    pub(crate) address: &'static str,
    pub(crate) longitude: f64,
    pub(crate) latitude: f64,
}

/// What a doctor prescribes of a medicine.
pub(crate) struct Prescription {
    /// A position among [`MEDICINES`].
    pub(crate) medicine: usize,
    pub(crate) dose: &'static str,
    pub(crate) frequency: &'static str,
    pub(crate) days: u32,
}

/// What a doctor prescribes.
pub(crate) struct Course {
    pub(crate) subject: &'static str,
    pub(crate) instructions: &'static str,
    pub(crate) medicines: &'static [Prescription],
}

/// Where doctors and nurses work.
pub(crate) const CLINICS: [Place; 4] = [
    Place {
        name: "Lakeside Clinic",
        description: "Family doctors and specialists under one roof, by the old harbour.",
        city: "Oslo",
        address: "Sørkedalsveien 10",
        longitude: 10.7098,
        latitude: 59.9296,
    },
    Place {
        name: "Cedar Street Practice",
        description: "A small practice with evening hours.",
        city: "Hamburg",
        address: "Zedernstraße 7",
        longitude: 9.9872,
        latitude: 53.5488,
    },
    Place {
        name: "درمانگاه البرز",
        description: "درمانگاه عمومی و تخصصی",
        city: "تهران",
        address: "خیابان ولیعصر، پلاک ۱۲",
        longitude: 51.4101,
        latitude: 35.7219,
    },
    Place {
        name: "Hillview Health Centre",
        description: "Specialists for heart, lungs and joints, with a day ward.",
        city: "Lisbon",
        address: "Rua da Colina 21",
        longitude: -9.1393,
        latitude: 38.7223,
    },
];

/// Diseases, and who treats them: a position among the specialities.
pub(crate) const DISEASES: [(&str, usize); 16] = [
    ("Angina pectoris", 1),
    ("Asthma", 12),
    ("Atopic dermatitis", 2),
    ("Common cold", 0),
    ("Croup", 10),
    ("Depression", 11),
    ("Gastritis", 4),
    ("Gout", 13),
    ("High blood pressure", 6),
    ("Knee osteoarthritis", 9),
    ("Migraine", 7),
    ("Myopia", 8),
    ("Type 2 diabetes", 3),
    ("Underactive thyroid", 3),
    ("Endometriosis", 5),
    ("Psoriasis", 2),
];

/// Medicines.
pub(crate) const MEDICINES: [&str; 12] = [
    "Amlodipine 5 mg",
    "Amoxicillin 500 mg",
    "Budesonide inhaler 200 µg",
    "Cetirizine 10 mg",
    "Ibuprofen 400 mg",
    "Levothyroxine 50 µg",
    "Metformin 850 mg",
    "Omeprazole 20 mg",
    "Paracetamol 500 mg",
    "Salbutamol inhaler 100 µg",
    "Sumatriptan 50 mg",
    "Vitamin D3 1000 IU",
];

/// What doctors prescribe.
pub(crate) const COURSES: [Course; 8] = [
    Course {
        subject: "Blood pressure",
        instructions: "Measure twice a week, always at the same hour, and bring the list.",
        medicines: &[Prescription {
            medicine: 0,
            dose: "1 tablet",
            frequency: "every morning",
            days: 90,
        }],
    },
    Course {
        subject: "Asthma",
        instructions: "Rinse your mouth after the inhaler. Keep the reliever at hand.",
        medicines: &[
            Prescription {
                medicine: 2,
                dose: "1 puff",
                frequency: "morning and evening",
                days: 60,
            },
            Prescription {
                medicine: 9,
                dose: "1 to 2 puffs",
                frequency: "when short of breath",
                days: 60,
            },
        ],
    },
    Course {
        subject: "Ear infection",
        instructions: "Take all of it, even if the pain goes earlier.",
        medicines: &[
            Prescription {
                medicine: 1,
                dose: "1 capsule",
                frequency: "three times a day",
                days: 7,
            },
            Prescription { medicine: 8, dose: "1 tablet", frequency: "when in pain", days: 5 },
        ],
    },
    Course {
        subject: "Knee pain",
        instructions: "With food. Physiotherapy twice a week, no running for now.",
        medicines: &[Prescription {
            medicine: 4,
            dose: "1 tablet",
            frequency: "twice a day",
            days: 10,
        }],
    },
    Course {
        subject: "Type 2 diabetes",
        instructions: "With meals. The next laboratory check is in three months.",
        medicines: &[Prescription {
            medicine: 6,
            dose: "1 tablet",
            frequency: "twice a day",
            days: 90,
        }],
    },
    Course {
        subject: "Migraine",
        instructions: "At the first sign, not more than twice a week. Keep the diary.",
        medicines: &[Prescription {
            medicine: 10,
            dose: "1 tablet",
            frequency: "at an attack",
            days: 30,
        }],
    },
    Course {
        subject: "Heartburn",
        instructions: "Half an hour before breakfast. Nothing heavy in the evening.",
        medicines: &[Prescription {
            medicine: 7,
            dose: "1 capsule",
            frequency: "every morning",
            days: 28,
        }],
    },
    Course {
        subject: "Hay fever",
        instructions: "In the evening, since it may make you tired.",
        medicines: &[
            Prescription { medicine: 3, dose: "1 tablet", frequency: "every evening", days: 30 },
            Prescription { medicine: 11, dose: "1 capsule", frequency: "daily", days: 90 },
        ],
    },
];

/// What patients say of doctors, and how they rate them.
pub(crate) const OPINIONS: [(i64, &str); 8] = [
    (5, "Listens, explains, and takes time. I felt in good hands."),
    (5, "Found the cause that three others had missed."),
    (4, "Very friendly. The wait was a little long."),
    (4, "Clear advice, and a call the day after to ask how I was."),
    (5, "My daughter is not afraid of doctors any more."),
    (3, "Good doctor, but always in a hurry."),
    (5, "دکتر بسیار صبور و دقیق هستند."),
    (4, "Honest about what can be done and what cannot."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::names::SPECIALITIES;

    #[test]
    fn what_is_named_is_there() {
        assert!(DISEASES.iter().all(|(_, speciality)| *speciality < SPECIALITIES.len()));
        let mut doses = COURSES.iter().flat_map(|course| course.medicines);
        assert!(doses.all(|dose| dose.medicine < MEDICINES.len() && dose.days > 0));
        assert!(OPINIONS.iter().all(|(rating, _)| (1..=5).contains(rating)));
    }
}
