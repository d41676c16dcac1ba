package scenarios

// SizeLimits is what the whole sale may take at most. An absent limit is none.
type SizeLimits struct {
	Cores     *Count `yaml:"cores" jsonschema_description:"CPU cores of all services together."`
	Instances *Count `yaml:"instances" jsonschema_description:"Instances of all services together."`
	Cost      *Count `yaml:"cost" jsonschema_description:"Cost of the cores while the sale lasts: in the currency of the pools' prices, or in core-hours where no pool has a price."`
}

// mostMoney keeps costs finite.
const mostMoney = 1e12

func (v *validator) sizeLimits() {
	l := v.s.Limits
	if l == nil {
		return
	}
	for _, f := range []struct {
		name string
		zero bool
	}{
		{"cores", l.Cores != nil && *l.Cores <= 0}, {"instances", l.Instances != nil && *l.Instances <= 0},
		{"cost", l.Cost != nil && *l.Cost <= 0},
	} {
		if f.zero {
			v.Problem("limits."+f.name, "found 0, wanted above 0")
		}
	}
}
