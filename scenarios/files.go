package scenarios

import (
	"path/filepath"
	"slices"

	"fsctl/scenarios/folder"
)

// Files returns the files that requests send, each once, by their paths below the scenario's folder. Package folder reads them.
func (s *Scenario) Files() (names []string) {
	for i := range s.Steps {
		for _, name := range s.Steps[i].Request.Files() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// ReadFile returns what is in a file that a request sends. It fails as [folder.Read] does, and for a file that did not come with a
// scenario of [ParseWithFiles].
func (s *Scenario) ReadFile(name string) ([]byte, error) {
	if s.files == nil {
		return folder.Read(filepath.Dir(s.File), name)
	}
	data, ok := s.files[name]
	if !ok {
		return nil, s.notGiven(name)
	}
	return data, nil
}

// checkFile fails as ReadFile would, but does not read the file.
func (s *Scenario) checkFile(name string) error {
	if s.files == nil {
		return folder.Check(filepath.Dir(s.File), name)
	}
	_, err := s.ReadFile(name)
	return err
}
