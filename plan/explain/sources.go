package explain

// Sources of formulas, and the errors of what they give.
const (
	ruleSource     = "the 2/8 rule of back-end planning: 80 % of a day's requests come in 20 % of its hours"
	ruleError      = "a rule of thumb for an ordinary day; as exact as its inputs"
	exactError     = "none: arithmetic, as exact as its inputs"
	littleSource   = "Little, Operations Research 9(3), 1961, 383-387"
	capacitySource = "the utilization law: Denning and Buzen, ACM Computing Surveys 10(3), 1978"
	coresError     = "the counts are exact for Poisson arrivals at one line before all cores; real balancers make calls wait longer. " +
		"Exact for exponential service times (variability 1), a two-moment approximation elsewhere"
	erlangSource  = "Zeng, Mathematical and Computer Modelling 38, 2003, doi 10.1016/S0895-7177(03)90040-9"
	momentsSource = "Kleinrock, Queueing Systems I, 1975; Allen, Probability, Statistics and Queueing Theory, 1990; Cosmetatos, Operational Research Quarterly 27(3), 1976; two-moment fit: Tijms, A First Course in Stochastic Models, 2003"
	staffSource   = "Halfin and Whitt, Operations Research 29(3), 1981, 567-588"
)
