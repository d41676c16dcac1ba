package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// configure gives flags that are not on the command line their value from the environment
// (FSCTL_SEED for --seed), else from the configuration file.
func configure(c *cobra.Command, file string) error {
	v := viper.New()
	v.SetEnvPrefix("FSCTL")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	if err := readConfig(v, c, file); err != nil {
		return err
	}
	var err error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || err != nil || !v.IsSet(f.Name) || f.Name == "help" || f.Name == "config" {
			return
		}
		if yielding(f) && v.InConfig(f.Name) && !inEnvironment(f.Name) && c.Flags().NArg() > 0 {
			return // the scenario file wins over the configuration file
		}
		if e := setFlag(c, f, v); e != nil {
			where := v.ConfigFileUsed()
			if inEnvironment(f.Name) {
				where = "environment variable " + envName(f.Name)
			}
			err = usagef("%s: %s: %w", where, f.Name, e)
		}
	})
	return err
}

// settled marks flags whose value comes from the environment or the configuration file, for every command line.
const settled = "fsctl-settled"

// isTyped reports whether a flag is on the command line.
func isTyped(f *pflag.Flag) bool { return f.Changed && len(f.Annotations[settled]) == 0 }

func setFlag(c *cobra.Command, f *pflag.Flag, v *viper.Viper) error {
	_ = c.Flags().SetAnnotation(f.Name, settled, []string{"true"}) // fails only where there is no such flag
	if list, ok := f.Value.(pflag.SliceValue); ok && !inEnvironment(f.Name) {
		f.Changed = true
		return list.Replace(v.GetStringSlice(f.Name))
	}
	return plainValueError(c.Flags().Set(f.Name, v.GetString(f.Name)))
}

// yieldsToScenario marks flags that stand in for a field of the scenario file.
const yieldsToScenario = "fsctl-scenario-field"

func yielding(f *pflag.Flag) bool { return len(f.Annotations[yieldsToScenario]) > 0 }

func envName(flag string) string {
	return "FSCTL_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func inEnvironment(flag string) bool {
	return os.Getenv(envName(flag)) != ""
}

// readConfig reads the file given, else fsctl.yaml here, else the user's. A key that no command has as a flag is an error.
func readConfig(v *viper.Viper, c *cobra.Command, file string) error {
	v.SetConfigType("yaml")
	if file == "" {
		file = os.Getenv("FSCTL_CONFIG")
	}
	own := ""
	if file != "" {
		v.SetConfigFile(file)
	} else {
		v.SetConfigName(configName)
		v.AddConfigPath(".")
		if dir, err := os.UserConfigDir(); err == nil {
			own = filepath.Join(dir, "fsctl")
			v.AddConfigPath(own)
		}
	}
	err := v.ReadInConfig()
	if _, none := errors.AsType[viper.ConfigFileNotFoundError](err); none {
		return nil
	}
	if err != nil {
		return usagef("read configuration: %w", err)
	}
	known := flagNames(c.Root())
	for _, key := range v.AllKeys() {
		if !slices.Contains(known, key) {
			return usagef("%s: unknown key %q, wanted the name of a flag such as seed or output", v.ConfigFileUsed(), key)
		}
	}
	if file == "" && !isOwn(v.ConfigFileUsed(), own) {
		return checkFound(v.ConfigFileUsed(), v.AllKeys())
	}
	return nil
}

// configName is the name of a configuration file that is found without being named.
const configName = "fsctl.yaml"

// personal are the settings that a file in the working directory may not hold, and what they would do there: such a file may have
// come with somebody else's repository, and must not say where load goes, who sends it, or whom to trust.
func personal() map[string]string {
	return map[string]string{
		"allow-target": "would let load go to other machines",
		"cacert":       "would trust another certificate authority for the target",
		"connect-to":   "would lead connections away from the target",
		"insecure":     "would accept any certificate of the target",
		"keys":         "would let whoever holds these keys send the load",
		"listen":       "would let agents of other machines send the load",
		"nats":         "would hand the scenario to that server, and let its agents send the load",
		"nats-ca":      "would trust another certificate authority for the bus",
		"proxy":        "would lead connections through that proxy",
	}
}

// isOwn reports whether a file is the user's own, in the directory of own: also where that is the working directory, or a link in
// the working directory leads to it.
func isOwn(file, own string) bool {
	if own == "" {
		return false
	}
	found, err := os.Stat(file)
	mine, err2 := os.Stat(filepath.Join(own, filepath.Base(file)))
	return err == nil && err2 == nil && os.SameFile(found, mine)
}

// checkFound fails where a file that was found in the working directory holds a personal setting.
func checkFound(file string, keys []string) error {
	slices.Sort(keys)
	for _, key := range keys {
		if does := personal()[key]; does != "" {
			return &hinted{usagef("%s: found %s, which %s: wanted it from you, not from a file that lies in the working directory", file, key, does),
				fmt.Sprintf("say --%s on the command line, set %s, put it into fsctl/%s in your configuration directory, or name the file: --config %s", key, envName(key), configName, configName)}
		}
	}
	return nil
}

func flagNames(c *cobra.Command) []string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	for _, sub := range c.Commands() {
		names = append(names, flagNames(sub)...)
	}
	return names
}

// field is a flag that stands in for a field of the scenario.
type field struct{ flag, path, usage string }

// fieldFlags defines flags that stand in for scenario fields.
func fieldFlags(c *cobra.Command, fields []field) {
	for _, f := range fields {
		c.Flags().String(f.flag, "", f.usage)
		_ = c.Flags().SetAnnotation(f.flag, yieldsToScenario, []string{f.path}) // fails only where there is no such flag
	}
}

// setFromFlags returns PATH=VALUE for every such flag that has a value.
func setFromFlags(c *cobra.Command, fields []field) []string {
	var set []string
	for _, f := range fields {
		if flag := c.Flags().Lookup(f.flag); flag.Changed {
			set = append(set, fmt.Sprintf("%s=%s", f.path, flag.Value))
		}
	}
	return set
}
