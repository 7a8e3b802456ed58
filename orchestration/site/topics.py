"""Which measures stand on which page. A measure that is named nowhere is still on the page of all measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    title: str
    measures: tuple[str, ...]

    @property
    def anchor(self) -> str:
        return self.title.lower().replace(",", "").replace(" ", "-")


@dataclass(frozen=True)
class Topic:
    file: str
    name: str
    """In the menu."""
    title: str
    lead: str
    groups: tuple[Group, ...]


TOPICS = (
    Topic(
        "ambulance.html", "Ambulance and 111", "Ambulance and NHS 111",
        "How quickly people who call 999 or 111 are answered, reached and advised, and where they go from there.",
        (
            Group("Ambulance response", ("AMB_C1_MEAN", "AMB_C1_P90", "AMB_C2_MEAN", "AMB_C2_P90", "AMB_C3_P90",
                                         "AMB_C4_P90")),
            Group("What happens after a 999 call", ("AMB_HT_PCT", "AMB_ST_PCT", "AMB_CONV_ED")),
            Group("NHS 111", ("U111_ABAND", "U111_ASA", "U111_60S", "U111_CLIN", "U111_AMB", "U111_ED")),
        ),
    ),
    Topic(
        "emergency.html", "Emergency", "Emergency departments and ambulance handover",
        "From the ambulance at the door to the moment a person leaves the department.",
        (
            Group("Ambulance handover", ("HAND_MEAN", "HAND_15", "HAND_30", "HAND_60", "HAND_LOST_H", "HAND_DQ")),
            Group("Time in the department", ("ED_4H_PCT_OVER", "ED_4H_T1", "ED_12H_ARR", "ED_12H_DTA", "ED_MEAN_ADM",
                                             "ED_MEAN_NONADM")),
            Group("Care in the department", ("ED_INIT_15", "ED_SEEN_60", "ED_LWBS", "ED_REATT_7D", "ED_CONV_ADM")),
        ),
    ),
    Topic(
        "beds.html", "Beds", "Beds and flow through hospital",
        "How full the hospitals are, how long people stay and how early in the day they go home.",
        (
            Group("Beds", ("BED_OCC", "BED_UNOCC_N", "BED_UNOCC_PCT")),
            Group("Length of stay", ("LOS_7P", "LOS_14P", "LOS_21P", "NEL_LOS")),
            Group("Discharge in the day", ("DISCH_BY_17",)),
        ),
    ),
    Topic(
        "leaving.html", "Leaving hospital", "Leaving hospital",
        "People who are ready to leave and still wait, what they wait for, and the beds that could take them.",
        (
            Group("Ready to leave, still in hospital", ("NCTR_PCT", "DRD_DELAY_MEAN", "DRD_ON_DAY")),
            Group("Delays by reason", ("DELAY_BY_REASON",)),
            Group("Community beds", ("COMM_BED_UNOCC_N", "COMM_BED_UNOCC_PCT")),
            Group("After a mental-health bed", ("MH_72H",)),
            Group("Care homes", ("CH_BED_UNOCC_N", "CH_BED_UNOCC_PCT", "CH_UPDATED_7D")),
        ),
    ),
    Topic(
        "home-care.html", "Care at home", "Care at home",
        "People who wait for a package of care at home: where they are meanwhile, for which council, how long,"
        " and how soon a team comes to those who need help within hours.",
        (
            Group("People waiting", ("POC_WAIT_N",)),
            Group("How long they have waited", ("POC_WAIT_DAYS",)),
            Group("Urgent help at home", ("UCR_2H",)),
        ),
    ),
)  # fmt: skip

HEADLINE_ORDER = ("NHS 111", "Ambulance", "Emergency department", "Beds", "Leaving hospital")
"""Groups of headline measures from the first call on; measures say themselves that they are one."""


def page_of(metric_id: str) -> str | None:
    """The page that shows a measure at length."""
    return next((topic.file for topic in TOPICS for group in topic.groups if metric_id in group.measures), None)
