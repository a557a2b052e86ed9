//! What people in the demo say to each other. Invented, plausible, and no medical advice.

/// Who says a line: a position among the room's people.
pub(crate) type Line = (usize, &'static str);

/// Between a doctor (0) and a patient (1).
pub(crate) const CONSULTATIONS: [&[Line]; 8] = [
    &[
        (
            1,
            "Good morning doctor, the blood pressure readings you asked for: mostly 128 over 82 this week.",
        ),
        (0, "Good morning! Those are good readings, better than last month."),
        (1, "I have been walking every evening, and using less salt."),
        (0, "It shows. Please go on measuring twice a week, always at the same hour."),
        (1, "Should I change anything about the tablets?"),
        (0, "No, keep them as they are. We will look at it together at the next appointment."),
        (1, "Thank you, see you on the 14th."),
    ],
    &[
        (1, "Hello, my knee is swollen again after physiotherapy yesterday."),
        (0, "Is it warm or red, and can you put weight on it?"),
        (1, "Not red, a little warm. I can walk, but stairs hurt."),
        (0, "That can happen after the first sessions. Cool it and keep the leg up today."),
        (0, "I will ask the physiotherapist to go a little slower."),
        (1, "Thank you! And if it is not better by Friday?"),
        (0, "Then come in on Friday at nine, I have kept the slot for you."),
    ],
    &[
        (0, "Your laboratory results are in: everything is within the normal range."),
        (1, "What a relief. The iron as well?"),
        (0, "Iron too, it has come up nicely since spring."),
        (1, "So I can stop the supplement?"),
        (0, "Finish the pack, then we check once more in three months."),
        (1, "Perfect, thanks for the quick news."),
    ],
    &[
        (1, "Our little one has had a cough since Sunday, no fever so far."),
        (0, "Is he drinking well, and is his breathing calm when he sleeps?"),
        (1, "Yes to both. He is playing as usual."),
        (0, "Good signs. Fresh air, enough to drink, and rest when he wants it."),
        (
            0,
            "If there is fever, or if his breathing changes, call us at once, at night the emergency line.",
        ),
        (1, "We will. Thank you, doctor."),
        (0, "Tell me on Thursday how he is, please."),
        (1, "Much better today, the cough is nearly gone!"),
    ],
    &[
        (1, "The headache diary is complete: three attacks this month, all after short nights."),
        (0, "Very useful, thank you. Did you notice anything before they began?"),
        (1, "Flickering on the left side, for about twenty minutes."),
        (0, "That fits. Let us talk about sleep first, before we think of medication."),
        (1, "I would like that."),
        (0, "I have opened a slot on Tuesday at 16:30, you can reserve it."),
        (1, "Reserved!"),
    ],
    &[
        (1, "I used the new inhaler for two weeks now. It is much easier than the old one."),
        (0, "Glad to hear it. How often do you wake up at night?"),
        (1, "Not once in the last ten days."),
        (0, "Excellent. Please bring the peak flow card to the next visit."),
        (1, "Will do. Is it all right to go swimming again?"),
        (0, "Yes, enjoy it. Keep the reliever in your bag, as always."),
    ],
    &[
        (0, "A reminder: the yearly eye examination is due this month."),
        (1, "Thank you, I had forgotten. Do I have to come without contact lenses?"),
        (0, "Yes please, glasses on that day. And nobody should drive for a few hours afterwards."),
        (1, "Then I take the bus. Is Monday morning free?"),
        (0, "Monday at 8:15 is open."),
        (1, "I take it."),
    ],
    &[
        (1, "The rash on my arm is fading since I changed the washing powder."),
        (0, "Then we have probably found the cause. Could you send a photo tomorrow, in daylight?"),
        (1, "Of course. Should I keep using the cream?"),
        (0, "Until it has gone, and three days longer."),
        (1, "Understood, thank you!"),
    ],
];

/// Between a doctor (0) and a patient (1) who both write Persian.
pub(crate) const PERSIAN_CONSULTATION: &[Line] = &[
    (1, "سلام دکتر، وقتتون بخیر. جواب آزمایشم آماده شد؟"),
    (0, "سلام، بله. همه‌چیز در محدودهٔ طبیعی است."),
    (1, "خدا را شکر! قند خونم هم خوب بود؟"),
    (0, "بله، نسبت به ماه قبل بهتر شده. پیاده‌روی را ادامه بدهید."),
    (1, "چشم. نوبت بعدی کی باشد؟"),
    (0, "سه‌شنبهٔ هفتهٔ آینده ساعت ده صبح."),
    (1, "خیلی ممنونم، دکتر."),
];

/// Between three doctors who discuss a case.
pub(crate) const GROUPS: [(&str, &[Line]); 3] = [
    (
        "Consultation: chest pain clinic",
        &[
            (
                0,
                "Thanks for joining. A patient in her fifties, chest tightness when climbing stairs, ECG at rest unremarkable.",
            ),
            (1, "Any change over the last weeks?"),
            (0, "Stable for two months, no symptoms at rest."),
            (2, "Lung function was normal in spring; I would not start with the lungs."),
            (1, "Then a stress test first. We have a slot on Wednesday."),
            (0, "She prefers the morning."),
            (1, "Wednesday 8:30 it is. I will write to her."),
            (2, "Please copy me on the result."),
        ],
    ),
    (
        "Consultation: diabetes board",
        &[
            (0, "Three patients on the list today, all for their half-year review."),
            (1, "The first one reached every target. I suggest we lengthen the interval."),
            (2, "Agreed, and a word of praise in the letter."),
            (0, "The second one struggles with the evening readings."),
            (1, "Night shifts. Our dietitian could plan with him around them."),
            (2, "Good idea, I will refer him."),
            (0, "The third asked for the sensor instead of finger pricks; the insurer has agreed."),
            (1, "Very nice. Training is on Friday."),
        ],
    ),
    (
        "Tumour board, Thursday",
        &[
            (0, "Agenda: two new findings, one follow-up. Images are on the ward's screen."),
            (1, "The follow-up first: scans after one year are clear."),
            (2, "Wonderful. Next scan in six months, then yearly."),
            (0, "First finding: benign in all likelihood, the biopsy will tell on Monday."),
            (1, "I will call the patient myself today, waiting is the hard part."),
            (2, "Thank you. The second one needs a further view, radiology has been asked."),
            (0, "Then we meet again on Monday at noon."),
        ],
    ),
];

/// Between the nurses of a ward.
pub(crate) const NURSES_STATION: (&str, &[Line]) = (
    "Nurses' station",
    &[
        (0, "Handover: quiet night, all twelve rooms slept."),
        (1, "Lovely. Anything for the morning round?"),
        (0, "Room 4 asks for the physiotherapist, room 9 goes home at eleven."),
        (2, "I prepare the papers for room 9."),
        (3, "The infusion pump of room 2 beeped twice. I changed the battery."),
        (1, "Thanks! I have told the technicians anyway."),
        (2, "Fresh coffee in the kitchen, and somebody brought cake."),
        (4, "You are heroes. I take over at two."),
        (5, "Vaccination hour is full: eighteen children today."),
        (1, "I come over and help from three on."),
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_who_speaks_is_in_the_room() {
        let two = CONSULTATIONS.iter().copied().chain([PERSIAN_CONSULTATION]);
        assert!(two.flatten().all(|(speaker, _)| *speaker < 2));
        assert!(GROUPS.iter().flat_map(|(_, lines)| *lines).all(|(speaker, _)| *speaker < 3));
        assert!(NURSES_STATION.1.iter().all(|(speaker, _)| *speaker < 6));
    }
}
