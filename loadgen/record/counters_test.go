package record

import (
	"reflect"
	"testing"
)

// Every field of the generator's health survives adding: one that Add forgets would be 0 in every record.
func TestGeneratorAddsEveryField(t *testing.T) {
	var one Generator
	v := reflect.ValueOf(&one).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.CanFloat():
			f.SetFloat(float64(i + 1))
		case f.CanInt():
			f.SetInt(int64(i + 1))
		case f.CanUint():
			f.SetUint(uint64(i + 1))
		case v.Type().Field(i).Name == "Journeys":
			one.Journeys = map[string]Journey{"buyer": {Users: 7, Finished: 1, Ended: map[string]uint64{"sold_out": 2},
				Left: map[Left]uint64{{Step: "pay", Variable: "token", After: "ok"}: 3}}}
		case v.Type().Field(i).Name == "Gaps":
			one.Gaps = []Gap{{From: 1, To: 2, Requests: 7}}
		case v.Type().Field(i).Name == "Answers":
			one.Answers = Span{3, 4, true}
		default:
			t.Fatalf("%s is %s, wanted a number", v.Type().Field(i).Name, f.Type())
		}
	}
	var sum Generator
	sum.Add(one)
	if !reflect.DeepEqual(sum, one) {
		t.Errorf("nothing and one add up to %+v, wanted %+v", sum, one)
	}
}

func TestGeneratorsOfOneSecond(t *testing.T) {
	sum := Generator{CPUSeconds: 0.1, OtherCPUSeconds: 0.1, MaxGCPauseSeconds: 0.3, MaxSchedulerWaitSeconds: 0.1, OpenFiles: 10, FileLimit: 100, MemoryBytes: 5, GCCycles: 1}
	sum.Add(Generator{CPUSeconds: 0.2, OtherCPUSeconds: 0.2, MaxGCPauseSeconds: 0.2, MaxSchedulerWaitSeconds: 0.4, OpenFiles: 1, FileLimit: 100, MemoryBytes: 6, GCCycles: 2})
	want := Generator{CPUSeconds: 0.3, OtherCPUSeconds: 0.3, MaxGCPauseSeconds: 0.3, MaxSchedulerWaitSeconds: 0.4, OpenFiles: 11, FileLimit: 200, MemoryBytes: 11, GCCycles: 3}
	if !reflect.DeepEqual(sum, want) {
		t.Errorf("found %+v, wanted %+v", sum, want)
	}
}
