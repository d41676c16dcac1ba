package deploy

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"

	"fsctl/cmd"
	"fsctl/loadgen/fleet/bus"
)

// keyValues are the files of a set of keys as values of the chart.
func keyValues(t *testing.T, agents int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if _, err := bus.MakeKeys(dir, agents, []string{release + "-bus"}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("keys:\n  files:\n")
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "    %s: %s\n", filepath.Base(f), base64Of(content))
	}
	return b.String()
}

// Each pod finds the keys of its own slot, and the coordinator what it needs and no agent's seed.
func TestKeys(t *testing.T) {
	const agents = 3
	i := install(t, fmt.Sprintf("agents: {count: %d}\n", agents)+keyValues(t, agents))
	secrets := map[string]map[string][]byte{}
	for _, s := range i.secrets {
		secrets[s.Name] = s.Data
	}
	for _, v := range i.pod(t, "agent").Spec.Volumes {
		if v.Secret == nil {
			continue
		}
		if len(secrets[v.Secret.SecretName]) != agents || len(v.Secret.Items) != agents {
			t.Fatalf("found %d keys and %d items, wanted %d", len(secrets[v.Secret.SecretName]), len(v.Secret.Items), agents)
		}
		for _, item := range v.Secret.Items {
			path := filepath.Join(t.TempDir(), "agent.creds")
			write(t, path, secrets[v.Secret.SecretName][item.Key])
			creds, err := bus.LoadCreds(path)
			if err != nil {
				t.Fatal(err)
			}
			if index, err := strconv.Atoi(item.Path); err != nil || creds.Slot != index+1 {
				t.Errorf("the pod of index %s has the keys of %s", item.Path, creds)
			}
		}
	}
	dir := t.TempDir()
	for _, v := range i.pod(t, "coordinator").Spec.Volumes {
		if v.Secret != nil {
			for name, content := range secrets[v.Secret.SecretName] {
				write(t, filepath.Join(dir, name), content)
				if strings.HasPrefix(name, "agent-") {
					t.Errorf("the coordinator is given %s", name)
				}
			}
		}
	}
	if keys, err := bus.LoadKeys(dir); err != nil || keys.Agents() != agents {
		t.Errorf("the coordinator's keys: %v", err)
	}
}

// The pods of a Deployment find the keys of all slots in a directory that fsctl takes, and are more than the slots where
// some are to wait.
func TestSharedKeys(t *testing.T) {
	const agents = 3
	i := install(t, fmt.Sprintf("agents: {count: %d, kind: Deployment, spares: 2}\n", agents)+keyValues(t, agents))
	p := i.pod(t, "agent")
	if expected := i.pod(t, "coordinator").arg("expect-agents"); p.count != agents+2 || expected != strconv.Itoa(agents) {
		t.Errorf("found %d pods, and %s are expected", p.count, expected)
	}
	if len(p.container().Env) > 0 {
		t.Errorf("found %v, and pods of a Deployment have no index", p.container().Env)
	}
	dir := t.TempDir()
	for _, m := range p.container().VolumeMounts {
		if m.Name == "keys" && (m.MountPath != p.arg("creds") || m.SubPath+m.SubPathExpr != "") {
			t.Errorf("found %+v beside --creds=%s", m, p.arg("creds"))
		}
	}
	for _, v := range p.Spec.Volumes {
		if v.Secret == nil {
			continue
		}
		if len(v.Secret.Items) > 0 {
			t.Errorf("found %v of the Secret, wanted all of it", v.Secret.Items)
		}
		for _, s := range i.secrets {
			if s.Name == v.Secret.SecretName {
				for name, content := range s.Data {
					write(t, filepath.Join(dir, name), content)
				}
			}
		}
	}
	var said strings.Builder
	args := []string{"agent", "--nats=http://none", "--spool=" + t.TempDir(), "--creds=" + dir, fmt.Sprint("--slots=", agents)}
	cmd.Run(t.Context(), args, cmd.Streams{In: strings.NewReader(""), Out: io.Discard, Err: &said})
	if !strings.Contains(said.String(), "found a URL of scheme") || strings.Contains(said.String(), "creds") {
		t.Errorf("fsctl agent says %q, wanted only its bus to be wrong", said.String())
	}
}

// The index of a pod comes from where its workload puts it.
func TestIndex(t *testing.T) {
	for kind, want := range map[string]string{
		"Job":         "metadata.annotations['" + batchv1.JobCompletionIndexAnnotation + "']",
		"StatefulSet": "metadata.labels['apps.kubernetes.io/pod-index']",
	} {
		c := install(t, "{agents: {kind: "+kind+"}}").pod(t, "agent").container()
		if len(c.Env) != 1 || c.Env[0].ValueFrom.FieldRef.FieldPath != want {
			t.Fatalf("%s: found %v", kind, c.Env)
		}
		for _, m := range c.VolumeMounts {
			if m.Name == "keys" && (m.SubPathExpr != "$("+c.Env[0].Name+")" || m.MountPath != "/keys/agent.creds") {
				t.Errorf("%s: found %+v", kind, m)
			}
		}
	}
}
