package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"fsctl/loadgen/record/lines"
	"fsctl/loadgen/record/seal"
	"fsctl/scenarios/quantity"
)

// Names of the files in a run directory.
const (
	manifestFile = "run.json"
	scenarioFile = "scenario.yaml"
	latencyFile  = "latency.hlog"
	countersFile = "counters.jsonl"
	ledgerFile   = "ledger.jsonl"
	samplesFile  = "samples.jsonl"
	resultsFile  = "results.bin"

	checkpointsFile = "checkpoints.jsonl"
)

// Holds reports whether a file in a run directory is part of the record, by its name. The verdict, report.json, is none.
func Holds(name string) bool {
	return slices.Contains([]string{manifestFile, scenarioFile, latencyFile, countersFile, ledgerFile, samplesFile, resultsFile, checkpointsFile}, name)
}

// check accepts a manifest that places a run in time; everything else in it may be missing.
func (m Manifest) check() error {
	epoch := time.Unix(0, 0)
	if !m.T0.After(epoch) {
		return fmt.Errorf("t0 is %s, wanted the instant of the run's T0", m.T0.Format(time.RFC3339))
	}
	if !m.Start.After(epoch) {
		return fmt.Errorf("start is %s, wanted the instant when the run started", m.Start.Format(time.RFC3339))
	}
	if lead := m.T0.Sub(m.Start).Abs(); lead > maxSecond*time.Second {
		return fmt.Errorf("start and t0 are %s apart, wanted at most a year", quantity.Duration(lead))
	}
	for i, l := range m.Levels {
		ordered := l.FromSeconds <= l.HoldFromSeconds && l.HoldFromSeconds <= l.ToSeconds
		if !ordered || l.FromSeconds < -maxSecond || l.ToSeconds > maxSecond || !(l.RatePerSec > 0) {
			return fmt.Errorf("levels[%d] is %s from second %d, judged from %d to %d, wanted a rate above 0 and seconds in order within a year of t0",
				i, quantity.Rate(l.RatePerSec), l.FromSeconds, l.HoldFromSeconds, l.ToSeconds)
		}
	}
	return nil
}

func writeManifest(dir string, m Manifest) error {
	text, err := seal.Text(m)
	if m.Seal != nil {
		text, err = seal.Sign(m, m.Seal)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Join(dir, manifestFile), err)
	}
	return lines.ReplaceWith(filepath.Join(dir, manifestFile), text)
}

// readManifest distinguishes a directory that is no run from one whose manifest is broken. A manifest with a seal must match it.
func readManifest(dir string) (m Manifest, err error) {
	path := filepath.Join(dir, manifestFile)
	info, err := os.Stat(dir)
	if err != nil {
		return m, fmt.Errorf("open run: %w", err)
	}
	if !info.IsDir() {
		return m, fmt.Errorf("open run %s: it is a file, wanted a run directory", dir)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("open run %s: not a run directory, it has no %s: %w", dir, manifestFile, err)
	}
	if err != nil {
		return m, lines.Explain("read", path, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read %s: found %w, wanted the manifest of a run", path, err)
	}
	if m.Seal != nil {
		if err := m.Seal.Verify(path, text); err != nil {
			return m, fmt.Errorf("read run: %w", err)
		}
	}
	if err := m.checkVersion(path); err != nil {
		return m, err
	}
	if err := m.check(); err != nil {
		return m, fmt.Errorf("read %s: %w", path, err)
	}
	return m, nil
}

// checkVersion fails where the manifest of a run does not say what one of its version must.
func (m *Manifest) checkVersion(path string) error {
	found, wanted := "", ""
	switch {
	case m.FormatVersion < 0 || m.FormatVersion > FormatVersion:
		return fmt.Errorf("read %s: found format_version %d, wanted at most %d: a later fsctl made this run, use that", path, m.FormatVersion, FormatVersion)
	case m.FormatVersion == 0 && m.Seal != nil:
		found, wanted = "a seal without a format_version", "both or neither"
	case m.FormatVersion > 0 && m.End != nil && m.Seal == nil:
		found, wanted = "the end of the run without a seal", "both or neither"
	case m.End == nil && m.Seal != nil:
		found, wanted = "a seal without the end of the run", "both or neither"
	default:
		return nil
	}
	return fmt.Errorf("read run: %w", &seal.DamageError{Path: path, Found: found, Wanted: wanted})
}

// RunName returns the name of a run's directory where the user gives none: names sort by the time of the run.
func RunName(scenario string, at time.Time) string {
	return at.UTC().Format("20060102T150405.000Z") + "-" + scenario
}

// Latest returns the directory of the run under root that started last.
//
// Only root's own subdirectories are looked at. Those without a readable run.json are passed over,
// and of runs that started at the same instant the last by name wins. It fails when there is none.
func Latest(root string) (dir string, err error) {
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look for runs: %w", err)
	}
	var newest time.Time
	for _, entry := range entries {
		candidate := filepath.Join(root, entry.Name())
		m, err := readManifest(candidate)
		if err != nil || m.Start.Before(newest) {
			continue
		}
		dir, newest = candidate, m.Start
	}
	if dir == "" {
		return "", fmt.Errorf("look for runs: found none under %s: make one with fsctl attack or fsctl rehearse, or name a run directory", root)
	}
	return dir, nil
}
