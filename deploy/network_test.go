package deploy

import (
	"encoding/base64"
	"slices"
	"strconv"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func base64Of(content []byte) string { return base64.StdEncoding.EncodeToString(content) }

// policy returns the one that holds for a component's pods.
func (i *installation) policy(t *testing.T, component string) *networkingv1.NetworkPolicy {
	t.Helper()
	all := slices.DeleteFunc(slices.Clone(i.policies), func(p *networkingv1.NetworkPolicy) bool {
		return !selects(p.Spec.PodSelector.MatchLabels, i.pod(t, component))
	})
	if len(all) != 1 {
		t.Fatalf("found %d policies for the %s, wanted 1", len(all), component)
	}
	return all[0]
}

// portsOf returns the ports of a rule.
func portsOf(ports []networkingv1.NetworkPolicyPort) (numbers []string) {
	for _, p := range ports {
		numbers = append(numbers, string(*p.Protocol)+" "+strconv.Itoa(p.Port.IntValue()))
	}
	return numbers
}

// peersAre checks whom a rule is about: the pods of the labels, by a selector or an address.
func peersAre(t *testing.T, peers []networkingv1.NetworkPolicyPeer, want string) {
	t.Helper()
	if len(peers) != 1 {
		t.Fatalf("found %d peers, wanted %s", len(peers), want)
	}
	found := ""
	switch p := peers[0]; {
	case p.IPBlock != nil:
		found = p.IPBlock.CIDR
	case p.PodSelector != nil:
		found = label(p.PodSelector, "app.kubernetes.io/component") + label(p.PodSelector, "k8s-app")
		if name := label(p.PodSelector, "app.kubernetes.io/name"); name == "nats" {
			found = name
		}
	}
	if found != want {
		t.Errorf("found peer %q, wanted %s", found, want)
	}
}

func label(s *metav1.LabelSelector, key string) string { return s.MatchLabels[key] }

// Agents reach DNS, the target and the bus; nothing may connect to them.
func TestWhatAgentsReach(t *testing.T) {
	for way, peer := range map[string]string{"embedded bus": "coordinator", "chart of NATS": "nats", "external NATS": "192.0.2.20/32"} {
		t.Run(way, func(t *testing.T) {
			p := install(t, ways[way]).policy(t, "agent")
			if !slices.Equal(p.Spec.PolicyTypes, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}) || len(p.Spec.Ingress) > 0 {
				t.Errorf("found %v and %d rules of who reaches an agent", p.Spec.PolicyTypes, len(p.Spec.Ingress))
			}
			if len(p.Spec.Egress) != 3 {
				t.Fatalf("found %d rules, wanted 3", len(p.Spec.Egress))
			}
			for i, want := range []struct {
				peer  string
				ports []string
			}{{"kube-dns", []string{"UDP 53", "TCP 53"}}, {"192.0.2.10/32", []string{"TCP 443"}}, {peer, []string{"TCP 4222"}}} {
				peersAre(t, p.Spec.Egress[i].To, want.peer)
				if found := portsOf(p.Spec.Egress[i].Ports); !slices.Equal(found, want.ports) {
					t.Errorf("found ports %v, wanted %v", found, want.ports)
				}
			}
		})
	}
}

// The bus in the coordinator takes agents only, and a coordinator without one takes no connections.
func TestWhoReachesTheBus(t *testing.T) {
	rules := install(t, "").policy(t, "coordinator").Spec.Ingress
	if len(rules) != 1 {
		t.Fatalf("found %d rules, wanted 1", len(rules))
	}
	peersAre(t, rules[0].From, "agent")
	if found := portsOf(rules[0].Ports); !slices.Equal(found, []string{"TCP 4222"}) {
		t.Errorf("found ports %v", found)
	}
	i := install(t, ways["chart of NATS"])
	if p := i.policy(t, "coordinator"); len(p.Spec.Ingress) > 0 || len(p.Spec.Egress) != 3 {
		t.Errorf("found %d rules of who reaches the coordinator, and %d of whom it reaches", len(p.Spec.Ingress), len(p.Spec.Egress))
	}
	server := &pod{}
	server.Labels = map[string]string{"app.kubernetes.io/name": "nats", "app.kubernetes.io/instance": release, "app.kubernetes.io/component": "nats"}
	for _, p := range i.policies {
		if selects(p.Spec.PodSelector.MatchLabels, server) {
			from := p.Spec.Ingress[0].From
			if len(from) != 2 || !selects(from[0].PodSelector.MatchLabels, i.pod(t, "agent")) || !selects(from[1].PodSelector.MatchLabels, i.pod(t, "coordinator")) {
				t.Errorf("found %v", from)
			}
			return
		}
	}
	t.Error("found no policy for the servers of NATS")
}
