package scenarios

import (
	"testing"
	"time"
)

func TestThresholdForms(t *testing.T) {
	text, _ := edited(t, `["rate<0.1%"]`, `{threshold: "rate<0.1%", optional: true, abortOnFail: true, delayAbortEval: 5s, window: "T0..T0+1s"}`)
	got := mustParse(t, text).Thresholds[1].Thresholds
	if len(got) != 1 || !got[0].Optional || !got[0].AbortOnFail || got[0].AbortDelay != 5*time.Second || got[0].Window.String() != "T0..T0+1s" || got[0].Step != "order" {
		t.Errorf("long form alone: %+v", got)
	}
	text, _ = edited(t, `["rate<0.1%"]`, `rate<0.1%`)
	if got := mustParse(t, text).Thresholds[1].Thresholds; len(got) != 1 || got[0].Value != 0.001 || got[0].Window != nil {
		t.Errorf("short form alone: %+v", got)
	}
}
