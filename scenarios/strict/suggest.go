package strict

import (
	"cmp"
	"maps"
	"slices"
)

// DidYouMean returns a hint with the nearest of the words, if one is near.
func DidYouMean(word string, words []string) string {
	if len(words) == 0 {
		return ""
	}
	nearest := slices.MinFunc(words, func(a, b string) int {
		return cmp.Compare(distance(word, a), distance(word, b))
	})
	if distance(word, nearest) > 1+len(word)/4 {
		return ""
	}
	return " (did you mean " + nearest + "?)"
}

// distance is the Levenshtein distance: insertions, deletions and substitutions from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
