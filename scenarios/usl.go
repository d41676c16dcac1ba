package scenarios

// USL is how the throughput of a service grows with its instances, by the Universal Scalability Law:
//
//	X(N) = gamma N / (1 + alpha (N-1) + beta N (N-1))
//
// Source: Gunther, Guerrilla Capacity Planning, 2007, chapter 5.
type USL struct {
	Gamma    Interval[Rate]    `yaml:"gamma" jsonschema:"required" jsonschema_description:"Calls per second of one instance."`
	Alpha    Interval[Ratio]   `yaml:"alpha" jsonschema:"required" jsonschema_description:"Contention: share of the work that is serial."`
	Beta     Interval[float64] `yaml:"beta" jsonschema:"required" jsonschema_description:"Coherency: cost of keeping a pair of instances consistent."`
	Measured int               `yaml:"measured" jsonschema:"required" jsonschema_description:"Most instances that were measured: the law is believed up to twice as many."`
}

func (v *validator) usl(path string, s *Service) {
	if s.USL == nil {
		return
	}
	if s.Kind != "service" {
		v.Problem(path+".usl", "found it at a %s, wanted it at a service only", s.Kind)
	}
	if s.USL.Gamma.Low <= 0 {
		v.Problem(path+".usl.gamma", "found 0, wanted the calls per second of one instance, above 0")
	}
	if s.USL.Measured < 1 {
		v.Problem(path+".usl.measured", "found %d, wanted the most instances that were measured, 1 or more", s.USL.Measured)
	}
}
