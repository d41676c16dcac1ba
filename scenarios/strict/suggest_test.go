package strict

import "testing"

func TestDidYouMean(t *testing.T) {
	words := []string{"browse", "item", "order"}
	for word, want := range map[string]string{
		"ordr": " (did you mean order?)", "itme": " (did you mean item?)", "brows": " (did you mean browse?)", "zebra": "", "order": " (did you mean order?)",
	} {
		if got := DidYouMean(word, words); got != want {
			t.Errorf("DidYouMean(%q) = %q, wanted %q", word, got, want)
		}
	}
	if got := DidYouMean("x", nil); got != "" {
		t.Errorf("DidYouMean of no words = %q", got)
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"abc", "abc", 0}, {"flaw", "lawn", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, wanted %d", c.a, c.b, got, c.want)
		}
	}
}
