// Package deploy tests the image, the chart and the manifests. It is a module of its own, so that what renders and
// decodes them is no dependency of fsctl.
package deploy

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const release = "storm"

// installation is what the chart makes of some values.
type installation struct {
	text         string
	jobs         []*batchv1.Job
	deployments  []*appsv1.Deployment
	statefulSets []*appsv1.StatefulSet
	services     []*corev1.Service
	configMaps   []*corev1.ConfigMap
	secrets      []*corev1.Secret
	claims       []*corev1.PersistentVolumeClaim
	policies     []*networkingv1.NetworkPolicy
}

// templates renders the chart with the values of the manifests and others over them, as YAML.
func templates(t *testing.T, over string) (string, error) {
	t.Helper()
	base, err := chartutil.ReadValuesFile("manifests/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	values, err := chartutil.ReadValues([]byte(over))
	if err != nil {
		t.Fatal(err)
	}
	return render(t, chartutil.CoalesceTables(values, base))
}

// render renders the chart with values alone, as YAML.
func render(t *testing.T, values chartutil.Values) (string, error) {
	t.Helper()
	chart, err := loader.Load("chart")
	if err != nil {
		t.Fatal(err)
	}
	if err := chart.Validate(); err != nil {
		t.Fatal(err)
	}
	all, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: release, Namespace: "sales", IsInstall: true}, chartutil.DefaultCapabilities)
	if err != nil {
		return "", err
	}
	files, err := engine.Engine{Strict: true}.Render(chart, all)
	if err != nil {
		return "", err
	}
	var names []string
	for name := range files {
		if strings.HasSuffix(name, ".yaml") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		if text := strings.TrimSpace(files[name]); text != "" {
			fmt.Fprintf(&b, "---\n%s\n", strings.TrimPrefix(text, "---\n"))
		}
	}
	return b.String(), nil
}

// install renders and decodes. Any field that Kubernetes does not have fails the test.
func install(t *testing.T, over string) *installation {
	t.Helper()
	text, err := templates(t, over)
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{text: text}
	for document := range strings.SplitSeq("\n"+text, "\n---\n") {
		if strings.TrimSpace(document) != "" {
			i.add(t, document)
		}
	}
	return i
}

func (i *installation) add(t *testing.T, document string) {
	t.Helper()
	var is metav1.TypeMeta
	if err := yaml.Unmarshal([]byte(document), &is); err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	switch is.APIVersion + " " + is.Kind {
	case "batch/v1 Job":
		i.jobs = decode(t, i.jobs, document)
	case "apps/v1 Deployment":
		i.deployments = decode(t, i.deployments, document)
	case "apps/v1 StatefulSet":
		i.statefulSets = decode(t, i.statefulSets, document)
	case "v1 Service":
		i.services = decode(t, i.services, document)
	case "v1 ConfigMap":
		i.configMaps = decode(t, i.configMaps, document)
	case "v1 Secret":
		i.secrets = decode(t, i.secrets, document)
	case "v1 PersistentVolumeClaim":
		i.claims = decode(t, i.claims, document)
	case "networking.k8s.io/v1 NetworkPolicy":
		i.policies = decode(t, i.policies, document)
	default:
		t.Fatalf("found %s %s, which this chart does not make", is.APIVersion, is.Kind)
	}
}

func decode[T any](t *testing.T, all []*T, document string) []*T {
	t.Helper()
	one := new(T)
	if err := yaml.UnmarshalStrict([]byte(document), one); err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return append(all, one)
}

// pod is the pod of a workload.
type pod struct {
	corev1.PodTemplateSpec
	component string
	count     int32
}

func (p *pod) container() corev1.Container { return p.Spec.Containers[0] }

// arg returns the value of a flag, empty where it is not given.
func (p *pod) arg(flag string) string {
	for _, a := range p.container().Args {
		if value, found := strings.CutPrefix(a, "--"+flag+"="); found {
			return value
		}
	}
	return ""
}

func (i *installation) pods() []*pod {
	var all []*pod
	add := func(template corev1.PodTemplateSpec, count *int32) {
		p := &pod{template, template.Labels["app.kubernetes.io/component"], 1}
		if count != nil {
			p.count = *count
		}
		all = append(all, p)
	}
	for _, j := range i.jobs {
		add(j.Spec.Template, j.Spec.Completions)
	}
	for _, d := range i.deployments {
		add(d.Spec.Template, d.Spec.Replicas)
	}
	for _, s := range i.statefulSets {
		add(s.Spec.Template, s.Spec.Replicas)
	}
	return all
}

// pod returns the one of a component.
func (i *installation) pod(t *testing.T, component string) *pod {
	t.Helper()
	all := slices.DeleteFunc(i.pods(), func(p *pod) bool { return p.component != component })
	if len(all) != 1 {
		t.Fatalf("found %d kinds of pods of the %s, wanted 1", len(all), component)
	}
	return all[0]
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o440); err != nil {
		t.Fatal(err)
	}
}
