package deploy

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/strvals"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"fsctl/cmd"
	"fsctl/loadgen/fleet/roster"
	"fsctl/scenarios"
	"fsctl/scenarios/schema"
)

var update = flag.Bool("update", false, "write manifests/fsctl.yaml anew")

// ways are the ways to install that the manual describes.
var ways = map[string]string{
	"embedded bus":    ``,
	"own scenario":    `{scenario: {name: "", document: "{apiVersion: fsctl/v1, kind: Scenario, name: x, workload: {users: 1}, steps: [{name: a}]}", files: {users.csv: "id"}}}`,
	"standing":        `{agents: {kind: StatefulSet}}`,
	"standing, alike": `{agents: {kind: Deployment, spares: 2}}`,
	"NATS's keys":     `{agents: {kind: Deployment}, bus: {kind: external, url: "tls://nats.example:4222", peers: [{ipBlock: {cidr: 192.0.2.20/32}}], nats: {secret: nats, authority: true}}}`,
	"external NATS":   `{bus: {kind: external, url: "tls://nats.example:4222", peers: [{ipBlock: {cidr: 192.0.2.20/32}}]}}`,
	"chart of NATS":   `{bus: {kind: chart, replicas: 3}, nats: {enabled: true}}`,
	"claim of theirs": `{coordinator: {runs: {claim: records}, priorityClassName: high, tolerations: [{key: load, operator: Exists}], nodeSelector: {pool: load}, extraArgs: [--seed=7]}}`,
	"one a node":      `{agents: {apart: required, priorityClassName: high, tolerations: [{key: load, operator: Exists}], nodeSelector: {pool: load}, extraArgs: [--capacity=2]}, image: {pullSecrets: [{name: registry}]}}`,
	"no policy":       `{networkPolicy: {enabled: false}, target: {peers: []}}`,
	"agents only":     `{agents: {kind: StatefulSet}, coordinator: {enabled: false}}`,
}

func everyWay(t *testing.T, f func(*testing.T, *installation)) {
	for name, values := range ways {
		t.Run(name, func(t *testing.T) { f(t, install(t, values)) })
	}
}

// The manifests are what the chart makes, so that one of them is never behind.
func TestManifestsAreOfTheChart(t *testing.T) {
	const path = "manifests/fsctl.yaml"
	made := "# Made from deploy/chart with deploy/manifests/values.yaml: go test -run TestManifestsAreOfTheChart -update\n" + install(t, "").text
	if *update {
		if err := os.WriteFile(path, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := os.ReadFile(path)
	if err != nil || string(found) != made {
		t.Errorf("%s is not what the chart makes (%v): go test -update", path, err)
	}
}

// Every command line is one that fsctl has.
func TestCommandLines(t *testing.T) {
	everyWay(t, func(t *testing.T, i *installation) {
		for _, p := range i.pods() {
			args := p.container().Args
			c, rest, err := cmd.New(cmd.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}).Find(args)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.ParseFlags(rest); err != nil {
				t.Errorf("%s: %v", args, err)
			}
			if err := c.ValidateArgs(c.Flags().Args()); err != nil {
				t.Errorf("%s: %v", args, err)
			}
			if want := map[string]string{"agent": "agent", "coordinator": "attack"}[p.component]; c.Name() != want {
				t.Errorf("%s runs fsctl %s, wanted %s", p.component, c.Name(), want)
			}
		}
	})
}

// Nothing more may be done in a pod than is needed, in the terms of the restricted Pod Security Standard.
func TestPodsAreRestricted(t *testing.T) {
	everyWay(t, func(t *testing.T, i *installation) {
		for _, p := range i.pods() {
			s, c := p.Spec.SecurityContext, p.container()
			if !*s.RunAsNonRoot || *s.RunAsUser == 0 || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault || *p.Spec.AutomountServiceAccountToken || *p.Spec.EnableServiceLinks {
				t.Errorf("%s: found %+v", p.component, s)
			}
			own := c.SecurityContext
			if *own.AllowPrivilegeEscalation || !*own.ReadOnlyRootFilesystem || len(own.Capabilities.Drop) != 1 || own.Capabilities.Drop[0] != "ALL" || len(own.Capabilities.Add) > 0 {
				t.Errorf("%s: found %+v", p.component, own)
			}
			for _, resource := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
				if limit := c.Resources.Limits[resource]; limit.IsZero() || !limit.Equal(c.Resources.Requests[resource]) {
					t.Errorf("%s: %s limit %s beside another request, wanted the same", p.component, resource, &limit)
				}
			}
		}
	})
}

// Every volume that is mounted is there, and every file that a command line names is in one.
func TestVolumes(t *testing.T) {
	everyWay(t, func(t *testing.T, i *installation) {
		for _, p := range i.pods() {
			volumes := map[string]corev1.VolumeSource{}
			for _, v := range p.Spec.Volumes {
				volumes[v.Name] = v.VolumeSource
				i.checkSource(t, v.VolumeSource)
			}
			var mounted []string
			for _, m := range p.container().VolumeMounts {
				v, found := volumes[m.Name]
				if !found {
					t.Errorf("%s: %s is mounted and no volume", p.component, m.Name)
				}
				if writable := v.EmptyDir != nil || v.PersistentVolumeClaim != nil; writable == m.ReadOnly {
					t.Errorf("%s: %s: read-only is %v", p.component, m.MountPath, m.ReadOnly)
				}
				mounted = append(mounted, m.MountPath)
			}
			for _, a := range p.container().Args {
				if _, path, _ := strings.Cut(a, "="); strings.HasPrefix(path, "/") && !within(path, mounted) {
					t.Errorf("%s: %s is in none of the volumes", p.component, a)
				}
			}
		}
	})
}

func within(path string, directories []string) bool {
	for _, d := range directories {
		if path == d || strings.HasPrefix(path, d+"/") {
			return true
		}
	}
	return false
}

// checkSource wants what the chart itself is to make.
func (i *installation) checkSource(t *testing.T, v corev1.VolumeSource) {
	t.Helper()
	made := map[string]bool{"records": true} // a claim that is there
	for _, c := range i.configMaps {
		made[c.Name] = true
	}
	for _, c := range i.claims {
		made[c.Name] = true
	}
	if v.ConfigMap != nil && !made[v.ConfigMap.Name] {
		t.Errorf("found no ConfigMap %s", v.ConfigMap.Name)
	}
	if v.PersistentVolumeClaim != nil && !made[v.PersistentVolumeClaim.ClaimName] {
		t.Errorf("found no claim %s", v.PersistentVolumeClaim.ClaimName)
	}
	if v.Secret != nil && *v.Secret.DefaultMode&0o007 != 0 {
		t.Errorf("Secret %s: mode %#o, which fsctl refuses", v.Secret.SecretName, *v.Secret.DefaultMode)
	}
}

// The coordinator waits for as many agents as there are, and nothing repeats a storm.
func TestFleet(t *testing.T) {
	for _, kind := range []string{"Job", "StatefulSet", "Deployment"} {
		i := install(t, "{agents: {count: 7, kind: "+kind+"}}")
		agent, coordinator := i.pod(t, "agent"), i.pod(t, "coordinator")
		if agent.count != 7 || coordinator.arg("expect-agents") != "7" {
			t.Errorf("found %d agents, and %s are expected", agent.count, coordinator.arg("expect-agents"))
		}
		if storms := agent.arg("storms"); (storms == "0") != (kind != "Job") {
			t.Errorf("%s leaves after %s storms", kind, storms)
		}
		for _, j := range i.jobs {
			switch leads := j.Spec.Template.Labels["app.kubernetes.io/component"] == "coordinator"; {
			case leads && (*j.Spec.BackoffLimit != 0 || j.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyNever):
				t.Error("the storm is repeated when it fails")
			case !leads && (*j.Spec.CompletionMode != batchv1.IndexedCompletion || *j.Spec.Parallelism != 7):
				t.Errorf("found %v, %d at once", *j.Spec.CompletionMode, *j.Spec.Parallelism)
			}
		}
	}
}

// The chart knows every policy that fsctl has.
func TestLossPolicies(t *testing.T) {
	for _, policy := range roster.LossPolicies {
		if found := install(t, "{coordinator: {onAgentLoss: "+policy+"}}").pod(t, "coordinator").arg("on-agent-loss"); found != policy {
			t.Errorf("found %s, wanted %s", found, policy)
		}
	}
}

// Agents dial a Service that leads to the coordinator, on the port that it listens on.
func TestEmbeddedBus(t *testing.T) {
	i := install(t, "{bus: {port: 4333}}")
	u, err := url.Parse(i.pod(t, "agent").arg("nats"))
	if err != nil || len(i.services) != 1 {
		t.Fatalf("%d services: %v", len(i.services), err)
	}
	s, coordinator := i.services[0], i.pod(t, "coordinator")
	if u.Scheme != "tls" || u.Hostname() != s.Name || u.Port() != strconv.Itoa(int(s.Spec.Ports[0].Port)) {
		t.Errorf("agents dial %s, and the Service is %s:%d", u, s.Name, s.Spec.Ports[0].Port)
	}
	port := coordinator.container().Ports[0]
	if s.Spec.Ports[0].TargetPort.StrVal != port.Name || coordinator.arg("listen") != fmt.Sprint("0.0.0.0:", port.ContainerPort) {
		t.Errorf("the Service leads to %s, and the coordinator listens on %s", &s.Spec.Ports[0].TargetPort, coordinator.arg("listen"))
	}
	if !selects(s.Spec.Selector, coordinator) || selects(s.Spec.Selector, i.pod(t, "agent")) {
		t.Errorf("the Service selects %v", s.Spec.Selector)
	}
}

func selects(selector map[string]string, p *pod) bool {
	for key, value := range selector {
		if p.Labels[key] != value {
			return false
		}
	}
	return true
}

// A scenario of one's own arrives as it is.
func TestScenario(t *testing.T) {
	document, err := os.ReadFile("../scenarios/builtin/century-mart-coupons.yaml")
	if err != nil {
		t.Fatal(err)
	}
	i := install(t, "scenario:\n  name: \"\"\n  document: |\n    "+strings.ReplaceAll(string(document), "\n", "\n    "))
	path := filepath.Join(t.TempDir(), filepath.Base(i.pod(t, "coordinator").container().Args[1]))
	write(t, path, []byte(i.configMaps[0].Data[filepath.Base(path)]))
	if sc, err := scenarios.Load(path); err != nil || sc.Name != "century-mart-coupons" {
		t.Errorf("found %v", err)
	}
	if _, err := scenarios.Load(install(t, "").pod(t, "coordinator").container().Args[1]); err != nil {
		t.Errorf("the manifests' scenario: %v", err)
	}
}

// What cannot work is refused before anything is installed.
func TestRefusedValues(t *testing.T) {
	for values, want := range map[string]string{
		`{image: {repository: ""}}`:                   "image.repository",
		`{target: {url: ""}}`:                         "target.url",
		`{target: {url: "shop.example"}}`:             "pattern",
		`{target: {allow: []}}`:                       "target.allow",
		`{target: {peers: []}}`:                       "target.peers",
		`{scenario: {name: ""}}`:                      "scenario",
		`{scenario: {document: "x"}}`:                 "wanted one",
		`{scenario: {name: taobao-doubl11}}`:          "taobao-double11",
		`{scenario: {name: "", document: "name: x"}}`: "kind: Scenario",
		`{scenario: {name: "", document: "{kind: Scenario, name: x, stpes: []}"}}`: "found stpes, which no scenario has",
		`{scenario: {name: "", document: "kind: Scenario"}}`:                       "found no apiVersion",
		`{coordinator: {scale: 0}}`:                                                "coordinator.scale: found 0, wanted more than 0",
		`{coordinator: {scale: -0.5}}`:                                             "scale",
		`{coordinator: {scale: 0.0%}}`:                                             "coordinator.scale: found 0.0%",
		`{coordinator: {scale: "0e-3"}}`:                                           "coordinator.scale: found 0e-3",
		`{coordinator: {joinTimeout: 1.2.3m}}`:                                     "joinTimeout",
		`{coordinator: {store: .}}`:                                                "store",
		`{coordinator: {runs: {size: 10K}}}`:                                       "size",
		`{scenario: {name: "", document: "{"}}`:                                    "scenario.document",
		`{coordinator: {scale: lots}}`:                                             "scale",
		`{run: 1.5}`:                                                               "run",
		`{run: -1}`:                                                                "run",
		`{run: "A b"}`:                                                             "run",
		`{agents: {spares: 1}}`:                                                    "wanted a Deployment",
		`{agents: {kind: StatefulSet, spares: 1}}`:                                 "wanted a Deployment",
		`{agents: {kind: Deployment, spares: -1}}`:                                 "spares",
		`{agents: {kind: Pod}}`:                                                    "kind",
		`{agents: {count: 0}}`:                                                     "count",
		`{agents: {cuont: 3}}`:                                                     "cuont",
		`{bus: {kind: external, peers: [{}]}}`:                                     "bus.url",
		`{bus: {kind: external, url: "nats://x:4222"}}`:                            "pattern",
		`{bus: {kind: external, url: "tls://x:4222"}}`:                             "bus.peers",
		`{bus: {kind: chart}}`:                                                     "nats.enabled",
		`{nats: {enabled: true}}`:                                                  "nats.enabled",
		`{bus: {nats: {secret: nats}}}`:                                            "bus.kind external",
		`{coordinator: {onAgentLoss: forget}}`:                                     "onAgentLoss",
		`{bus: {kind: chart, replicas: 6}}`:                                        "replicas",
	} {
		if _, err := templates(t, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: found %v, wanted an error about %s", values, err, want)
		}
	}
}

// A run may be a number, as --set makes one of what looks like it, of any size and from a file of values too.
func TestRun(t *testing.T) {
	for value, want := range map[string]string{"2": "2", `"2"`: "2", "20261128": "20261128", "2026-11-28": "2026-11-28", "a1": "a1"} {
		i := install(t, "run: "+value)
		if !slices.ContainsFunc(i.jobs, func(j *batchv1.Job) bool { return j.Name == release+"-coordinator-"+want }) {
			t.Errorf("run %s: found no job %s-coordinator-%s", value, release, want)
		}
	}
}

// A scale may be a number, for the same reason.
func TestScale(t *testing.T) {
	for value, want := range map[string]string{"1": "1", "0.01": "0.01", `"0.5"`: "0.5", "1%": "1%", "0.01%": "0.01%", `""`: ""} {
		if found := install(t, "{coordinator: {scale: "+value+"}}").pod(t, "coordinator").arg("scale"); found != want {
			t.Errorf("scale %s: found --scale=%s, wanted %s", value, found, want)
		}
	}
}

// A default that is not empty may be replaced, and null, which takes it away, is refused: without it another thing would run.
func TestNullValues(t *testing.T) {
	chart, err := loader.Load("chart")
	if err != nil {
		t.Fatal(err)
	}
	var walk func(values map[string]any, path ...string)
	walk = func(values map[string]any, path ...string) {
		for name, value := range values {
			path := append(slices.Clone(path), name)
			inner, isMap := value.(map[string]any)
			list, isList := value.([]any)
			if value == "" || value == false || isMap && len(inner) == 0 || isList && len(list) == 0 {
				continue
			}
			base, err := chartutil.ReadValuesFile("manifests/values.yaml")
			if err != nil {
				t.Fatal(err)
			}
			set := strings.Join(path, ".") + "=null"
			if err := strvals.ParseInto(set, base); err != nil {
				t.Fatal(err)
			}
			if _, err := render(t, base); err == nil || !strings.Contains(err.Error(), "missing property '"+name+"'") {
				t.Errorf("%s: found %v, wanted what is missing", set, err)
			}
			if opaque := name == "nats" || name == "resources"; isMap && !opaque {
				walk(inner, path...)
			}
		}
	}
	walk(chart.Values)
}

// The fields that the chart knows are those of a scenario.
func TestScenarioFields(t *testing.T) {
	file, err := os.ReadFile("chart/templates/validate.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var written struct {
		Properties map[string]any `json:"properties"`
		Required   []string       `json:"required"`
	}
	text, err := schema.Text()
	if err == nil {
		err = json.Unmarshal(text, &written)
	}
	if err != nil {
		t.Fatal(err)
	}
	known := func(after string) []string {
		_, list, found := strings.Cut(string(file), after)
		list, _, ended := strings.Cut(list, " }}")
		if !found || !ended {
			t.Fatalf("found no %s", after)
		}
		names := strings.Fields(strings.ReplaceAll(list, `"`, ""))
		slices.Sort(names)
		return names
	}
	if found, want := known("$fields := list "), slices.Sorted(maps.Keys(written.Properties)); !slices.Equal(found, want) {
		t.Errorf("the chart knows %s, wanted %s", found, want)
	}
	want := slices.DeleteFunc(slices.Sorted(slices.Values(written.Required)), func(name string) bool { return name == "kind" })
	if found := known("range $field := list "); !slices.Equal(found, want) {
		t.Errorf("the chart wants %s, wanted %s", found, want)
	}
}

// Without values the chart says all that must be given, and every name that it takes is one of fsctl's.
func TestBareChart(t *testing.T) {
	_, err := render(t, nil)
	for _, name := range []string{"image.repository", "target.url", "target.allow", "target.peers", "scenario"} {
		if err == nil || !strings.Contains(err.Error(), "\n  "+name+": found n") {
			t.Errorf("without values: found %v, wanted that %s is missing", err, name)
		}
	}
	names, err := filepath.Glob("../scenarios/builtin/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("found %d built-in scenarios: %v", len(names), err)
	}
	for _, file := range names {
		if name := strings.TrimSuffix(filepath.Base(file), ".yaml"); install(t, "scenario: {name: "+name+"}").pod(t, "coordinator").container().Args[1] != name {
			t.Errorf("the coordinator does not send %s", name)
		}
	}
}

// The image's user is that of the pods, and it is built with the Go that the module asks for.
func TestDockerfile(t *testing.T) {
	file, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	find := func(text []byte, pattern string) string {
		m := regexp.MustCompile(pattern).FindSubmatch(text)
		if m == nil {
			t.Fatalf("found nothing like %s", pattern)
		}
		return string(m[1])
	}
	s := install(t, "").pod(t, "agent").Spec.SecurityContext
	if user := find(file, `(?m)^USER (.*)$`); user != fmt.Sprintf("%d:%d", *s.RunAsUser, *s.RunAsGroup) {
		t.Errorf("the image runs as %s, and pods as %d:%d", user, *s.RunAsUser, *s.RunAsGroup)
	}
	if image, wanted := find(file, `golang:([0-9.]+)`), find(mod, `(?m)^go ([0-9]+\.[0-9]+)`); image != wanted {
		t.Errorf("the image is built with Go %s, and the module wants %s", image, wanted)
	}
	if base := find(file, `(?m)^FROM (\S+)$`); base != "scratch" {
		t.Errorf("found base %s, wanted scratch", base)
	}
}
