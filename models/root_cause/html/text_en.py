"""Texts of the report in English."""

TEXTS = {
    # building blocks
    "and": "and",
    "to": "to",
    "months": "January February March April May June July August September October November"
    " December",
    "verbatims_one": "answer",
    "verbatims_many": "answers",
    "complaints_one": "complaint",
    "complaints_many": "complaints",
    "causes_one": "cause",
    "causes_many": "causes",
    "week_one": "week",
    "week_many": "weeks",
    "month_one": "month",
    "month_many": "months",
    "per_week": "per week",
    "per_month": "per month",
    "metric_nps": "NPS",
    "metric_csat": "CSAT",
    "metric_ces": "CES",
    "unit_nps": "NPS points",
    "unit_csat": "percentage points of CSAT",
    "unit_ces": "points of CES",
    "language_nl": "Dutch",
    "language_en": "English",
    "language_und": "Language unknown",
    "no_department": "No owner",
    # page
    "title": "Root causes of complaints",
    "skip": "Skip to the summary",
    "prepared_on": "Prepared on {date}",
    "nav": "Parts of this report",
    "nav_summary": "Summary",
    "nav_pareto": "Largest causes",
    "nav_fishbone": "Owners",
    "nav_causes": "Causes one by one",
    "nav_map": "Map",
    "nav_cross": "By segment",
    "nav_table": "All complaints",
    "nav_method": "Method and limits",
    "as_table": "Show as a table",
    "as_table_name": "table",
    "too_few": "too few",
    "too_few_help": "Too few (†): fewer than {n} scored answers with, or without, this cause; do"
    " not act on it.",
    # summary
    "tile_verbatims": "answers read",
    "tile_complaining": "hold a complaint",
    "tile_causes": "causes found",
    "tile_emerging": "of complaints fit no cause yet",
    "tile_metric": "{metric} of all scored answers",
    "sum_scope": "Of {verbatims}, {complaining} ({share}) {holds} at least one complaint, in all"
    " {complaints} with {causes}.",
    "hold_one": "holds",
    "hold_many": "hold",
    "sum_size_one": "They share one cause, {names}, with {share} of all complaints.",
    "sum_size_many": "The largest, {names}, together account for {share} of all complaints.",
    "sum_impact": "Of the causes that go with a lower {metric} beyond chance, {name} weighs most:"
    " {value} {unit} (95% interval {interval}, {n}), which is association and not proof.",
    "sum_impact_unsure": "No cause goes with a lower {metric} beyond doubt: every interval holds"
    " zero or rests on too few answers.",
    "sum_impact_none": "What a cause costs could not be estimated, because there are no usable"
    " scores.",
    "sum_trend_none": "Whether causes grow could not be tested, because there are no usable dates.",
    "sum_trend_short": "Whether causes grow cannot be told from {periods}.",
    "sum_trend_steady": "Over {periods} no cause is shown to grow, shrink or appear.",
    "sum_trend": "Over {periods} {parts}.",
    "sum_new_one": "{names} is new",
    "sum_new_many": "{names} are new",
    "sum_growing_one": "{names} is growing",
    "sum_growing_many": "{names} are growing",
    "sum_shrinking_one": "{names} is shrinking",
    "sum_shrinking_many": "{names} are shrinking",
    "sum_others_one": "1 other",
    "sum_others_many": "{n} others",
    "sum_owner": "Of all departments, the most complaints point to {department}"
    " ({share}){contested}{sure}.",
    "sum_owner_none": "No department stands out as an owner{sure}.",
    "sum_contested_one": "; for 1 cause two departments are close",
    "sum_contested_many": "; for {n} causes two departments are close",
    "sum_sure_low": ", and the borders between the causes are uncertain (stability {value} of 1)",
    "sum_sure_middle": ", and the borders between the causes are fairly firm (stability {value} of"
    " 1)",
    "sum_sure_high": ", and the causes are stable (stability {value} of 1)",
    "sum_nothing": "No complaint was found in {verbatims}, so there is no cause to report.",
    "sum_nothing_next": "The notes at the end say what was read and what was left out.",
    # pareto
    "pareto_title": "Which causes weigh most",
    "pareto_lead": "First by how often customers complain about it, then by what goes with it in"
    " score. A frequent cause is not always a costly one.",
    "pareto_lead_count": "By how often customers complain about it.",
    "pareto_count": "By number of complaints",
    "pareto_count_axis": "complaints; the dots add the causes up, in % of all complaints",
    "pareto_impact": "By impact on {metric}",
    "pareto_impact_axis": "{unit}, adjusted for causes mentioned together; line: 95% interval.",
    "pareto_impact_few": "Open bar and †: too few answers to act on.",
    "pareto_more": "The {n} largest of {total} causes are drawn; the table holds all.",
    "pareto_eighty": "{n} of {total} causes hold 80% of the complaints that fit a cause.",
    "filter_by": "Only answers with",
    "filter_none": "All answers",
    "filter_few": "Few complaints under this choice: read with care.",
    "filter_impact": "Impact within this choice, leave-one-out ({metric} {value} of n = {n}); line:"
    " 95% interval. Open bar and †: too few answers to act on.",
    "filter_unscored": "There are no usable scores under this choice.",
    "formula": "How it is computed",
    "formula_text": "Leave-one-out = {metric} of all scored answers − {metric} of those without"
    " the cause. Adjusted = |{metric} of all − {metric} of those without any cause| × s·e / Σe,"
    " where e is the cause's relative weight (Johnson 2000) and s the sign of its correlation with"
    " the score, so that a cause that mostly comes along with another does not get the other's"
    " part. Intervals are the middle 95% of bootstrap samples of answers.",
    "formula_values": "{metric} of {n}: {value}; of those without any cause: {without}. All causes"
    " together explain {explained} of the differences in score.",
    "association": "Impact is association, not proof: customers with this complaint score lower,"
    " but something else may lie behind both.",
    "metric_help_nps": "NPS = share of scores 9–10 minus share of scores 0–6, times 100.",
    "metric_help_csat": "CSAT = share of scores 4–5, times 100.",
    "metric_help_ces": "CES = mean score on the scale of 1 to 7.",
    "themes_title": "Themes",
    "themes_lead": "Causes that lie together, by number of complaints.",
    # fishbone
    "fishbone_title": "Who can take the cause away",
    "fishbone_lead": "Each bone is a department, each rib a cause whose decisions most likely lie"
    " there. A thicker rib has more complaints; a dashed rib is contested, with a second"
    " department close by.",
    "fishbone_label": "Fishbone diagram: causes by the department that most likely owns them",
    "fishbone_effect": "complaints",
    "fishbone_more": "and {n} more",
    "contested": "contested",
    # cards
    "cards_title": "The causes one by one",
    "cards_lead": "Largest first. The quotes are customers' own words with personal data masked.",
    "cards_more": "Show the other {n} causes",
    "card_owner": "Owner",
    "card_owner_none": "No owner pointed out",
    "card_owner_value": "{department} {share}",
    "card_owner_interval": "95% interval {interval}",
    "card_contested": "contested with {department} ({share})",
    "card_contested_alone": "contested",
    "card_none_share": "{share} of the evidence points to no department",
    "card_share": "Share",
    "card_share_value": "{share} of complaints",
    "card_share_counts": "{complaints} in {verbatims}",
    "card_impact": "Impact",
    "card_impact_none": "Not estimated: no usable scores",
    "card_impact_detail": "95% interval {interval}; {n}",
    "card_impact_adjusted": "Adjusted: gap of {gap} (all {all}, without any cause {clear}) ×"
    " relative weight {weight} ≈ {value}",
    "card_impact_loo": "Leave-one-out: all {all} minus {without} without this cause ≈ {value}; 95%"
    " interval {interval}",
    "card_trend": "Trend",
    "card_trend_none": "Not tested: no usable dates",
    "card_stability": "Stability",
    "card_stability_low": "{value}: borders uncertain",
    "card_stability_middle": "{value}: fairly firm",
    "card_stability_high": "{value}: firm",
    "card_change": "Since the previous analysis",
    "card_quotes": "In customers' words",
    "card_theme": "theme {theme}",
    "card_topics": "Topics",
    "card_terms": "Key phrases",
    "card_languages": "Languages",
    "card_borrowed": "No customer named this in English; the name is borrowed.",
    "card_departments": "Departments",
    "card_id": "Cause {id}",
    "trend_growing": "growing",
    "trend_shrinking": "shrinking",
    "trend_new": "new",
    "trend_steady": "no trend shown",
    "trend_too_few": "too few to test",
    "spark_label": "Share of answers with this cause {per}, from {first} ({start}) to {last}"
    " ({end}); highest {high}",
    "spark_caption": "share of answers {per}, {first} to {last}; highest {high}",
    "change_new": "not in the previous analysis",
    "change_grown": "grown from {before} to {now} of complaints",
    "change_shrunk": "shrunk from {before} to {now} of complaints",
    "change_steady": "about the same: {before}, now {now} of complaints",
    "change_merged": "merged from {previous}",
    "change_split": "split off from {previous}",
    "gone": "Causes of the previous analysis that are gone: {ids}.",
    # map
    "map_title": "Map of the complaints",
    "map_lead": "Each dot is a complaint; dots that lie together say much the same. Distances"
    " between far groups mean little.",
    "map_label": "Scatter plot of complaints by meaning, numbered by cause as in the list below;"
    " the complaints themselves stand in the table of all complaints",
    "map_shown": "{n} of {total} complaints are drawn.",
    "map_pick": "Point out a cause",
    "map_pick_none": "The largest causes, numbered",
    "map_other": "other causes",
    "emerging": "Emerging: fits no cause yet",
    # cross tables
    "cross_title": "Where the causes occur",
    "cross_lead": "Share of the answers of each column that hold the cause, and their number. A"
    " stronger tint is a higher share.",
    "cross_caption": "Causes by {column}",
    "cross_answers": "answers",
    "cross_few": "*: fewer than {n} answers, shares say little.",
    "cross_more_causes": "The {n} largest of {total} causes are shown.",
    "cross_more_values": "The {n} values with most answers of {total} are shown.",
    "cause": "Cause",
    # table
    "table_title": "All complaints",
    "table_lead": "Search in customers' words, with personal data masked.",
    "table_search": "Search in the words",
    "table_cause": "Cause",
    "table_all": "All",
    "table_text": "Complaint",
    "table_membership": "Fit",
    "table_membership_help": "Fit runs from 0 to 1: how clearly the complaint belongs to its"
    " cause.",
    "table_id": "Answer",
    "table_score": "Score",
    "table_date": "Date",
    "table_found": "{found} of {total} complaints",
    "table_none": "No complaint fits this choice.",
    "table_previous": "Previous",
    "table_next": "Next",
    "table_page": "Page {page} of {pages}",
    "table_reset": "Clear",
    "table_cut": "This page holds {n} of {total} complaints, spread over all causes; the file of"
    " assignments beside it holds all.",
    "table_print": "The complaints can be searched on screen; the file of assignments holds all.",
    "table_script": "Searching needs JavaScript. The file of assignments beside this page holds"
    " every complaint.",
    # method
    "method_title": "Method and limits",
    "method_lead": "What stands behind the figures, and what they do not say.",
    "notes_title": "What to know about this run",
    "notes_none": "Nothing was left out and every part could be done.",
    "method_steps": "How it was done",
    "method_select": "Complaints are the negative clauses of all answers; the praise in a mixed"
    " answer does not count. Found: {complaints} in {complaining}; near-equal wordings counted"
    " once: {unique}.",
    "method_cluster": "Complaints are grouped by meaning, Dutch and English together, into causes"
    " and wider themes. What fits no cause is called emerging: {share}.",
    "method_names": "Names are key phrases of the complaints themselves, not a judgement.",
    "method_owner": "The owner is the department with the largest share of a cause: the mix of"
    " departments that explains the classifier's calibrated probabilities over its answers best,"
    " beside the mix of all complaints. Contested means that a second"
    " department is within 10 points, or that the interval of the lead holds zero.",
    "method_trend": "Trends compare the share of answers {per} and allow for bursts"
    " (quasi-Poisson); of all causes called growing, shrinking or new, 5% are expected to be false"
    " (q is the adjusted p-value).",
    "method_stability": "Stability compares the causes with those of resamples of four fifths of"
    " the complaints, from 0 to 1. Under 0.6 the borders should not be trusted; over 0.75 they are"
    " firm. This run: {value}.",
    "method_limits": "Limits",
    "limit_who": "Only customers who answered are heard; counts are counts of answers, not of"
    " customers.",
    "limit_model": "A model chose the complaints, the owners and the groups, and makes mistakes."
    " Read the quotes before acting.",
    "limit_chance": "Intervals cover the chance in who answered, not mistakes of the model.",
    "limit_cause": "A cause here is a group of complaints. That a decision brought them about is"
    " for people to establish.",
    "method_run": "This run",
    "run_bundle": "Model version",
    "run_seed": "Seed",
    "run_none": "unknown",
    # notes
    "note_failed": "Answers left out because they could not be read: {n}.",
    "note_empty": "Answers without text: {n}.",
    "note_abstained": "Answers left out because they hold no Dutch or English text: {n}.",
    "note_no_complaints": "No complaint was found, so there is no cause.",
    "note_few_complaints": "Too few different complaints for wider themes ({n}); the causes are"
    " rough.",
    "note_one_cause": "Complaints could not be told apart ({n}) and make one cause.",
    "note_no_language_alignment": "No language alignment was given: Dutch and English complaints"
    " about one thing may stand apart.",
    "note_no_scores": "There are no scores, so impact could not be estimated.",
    "note_unknown_metric": "The scale of the scores is not clear, so impact was not estimated; say"
    " whether they are NPS, CSAT or CES.",
    "note_unreadable_scores": "Scores left out because they are no number: {n}.",
    "note_scores_off_scale": "Scores left out because they lie off the scale: {n}.",
    "note_no_dates": "There are no dates, so trends could not be tested.",
    "note_unreadable_dates": "Dates that could not be read: {n}. Those answers count in all but"
    " the trends.",
    "note_month_first": "Dates such as 3/25/2025 were read month first, throughout the column.",
    "note_few_without_causes": "Scored answers free of any cause: {n}. That is too few to rely on"
    " the shared impact, which measures from them.",
    "note_few_periods": "Too few periods to test trends: {n}.",
    "note_undated": "Answers without a date: {n}. They count in all but the trends.",
    "note_previous_other_model": "The previous analysis was made with another model, so the ids of"
    " its causes were not carried over.",
    "note_repeated_ids": "Answers are known by the number of their row, because ids in the input"
    " come more than once: {n}.",
    "note_names_polished": "Names of causes that a language model rewrote: {n}. Only key terms and"
    " redacted examples were sent to that model.",
    "note_names_not_polished": "Names of causes that the language model could not rewrite: {n};"
    " they are key terms. For the attempt, key terms and redacted examples were sent to that"
    " model.",
}
