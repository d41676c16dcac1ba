package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagForm returns what a flag wants by the type of its value, where the package that reads it says only that it cannot; empty for
// other types.
func flagForm(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "int":
		return "a whole number such as 100"
	case "uint64":
		return "a whole number such as 100, 0 or more"
	case "float64":
		return "a number such as 0.5"
	case "duration":
		return "a duration such as 250ms, 90s or 1h30m"
	}
	return ""
}

// plainFlagError says which flag has a value of another form, what was found and what is wanted.
func plainFlagError(_ *cobra.Command, err error) error {
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if plain := plainValueError(err); plain != err {
			return fmt.Errorf("--%s: %w", wrong.GetFlag().Name, plain)
		}
	}
	return err
}

// plainValueError says what was found and what is wanted in place of a value of another form; other errors stay as they are.
func plainValueError(err error) error {
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if wanted := flagForm(wrong.GetFlag().Value.Type()); wanted != "" {
			return fmt.Errorf("found %q, wanted %s", wrong.GetValue(), wanted)
		}
	}
	return err
}
