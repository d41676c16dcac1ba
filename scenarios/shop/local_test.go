package shop

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"fsctl/scenarios"
)

// A local shop sells what the scenario says until it is closed.
func TestLocal(t *testing.T) {
	sc := &scenarios.Scenario{Sale: &scenarios.Sale{Items: 2, Stock: 7, SKU: "coupon-${n}"}}
	l, err := StartLocal(ForScenario(sc, scenarios.Rehearsal{Workers: 2, ServiceTime: time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(l.URL + "/items/coupon-2")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var item map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&item); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("found %s, %v, %v", answer.Status, item, err)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if answer, err := http.Get(l.URL + "/healthz"); err == nil {
		answer.Body.Close()
		t.Error("the shop still answers")
	}
}

func TestForScenarioWithoutASale(t *testing.T) {
	c := ForScenario(&scenarios.Scenario{}, scenarios.Rehearsal{})
	if c.Items != 1 || c.Stock != 1000 || c.SKU(3) != "sku-3" {
		t.Errorf("found %+v", c)
	}
	if _, err := StartLocal(Config{}); err == nil {
		t.Error("a shop without items was started")
	}
}
