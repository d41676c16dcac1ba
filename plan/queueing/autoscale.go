package queueing

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// HPA is a Kubernetes HorizontalPodAutoscaler on CPU utilization, with the controller's rules.
// [DefaultHPA] has the rest of its defaults.
//
// Source: kubernetes.io, Horizontal Pod Autoscaling, autoscaling/v2; pkg/controller/podautoscaler.
type HPA struct {
	TargetRatio          float64 // utilization it steers to, share of the request, 0.01 to 1
	ToleranceRatio       float64 // no change while usage/target is within 1 +- this, 0 to 1
	MinReplicas          int     // at least 1
	MaxReplicas          int     // at least MinReplicas, to 1e6
	GrowthRatio          float64 // scale-up may add this share of the replicas per sync, 0 to 100
	GrowthPods           int     // or this many pods, whichever is more, 0 to 1e6
	SyncSeconds          float64 // time between two decisions [s], 0.1 to 3600
	StabilizationSeconds float64 // scale-down takes the largest desired count of this time [s], 0 to 3600
}

// DefaultHPA returns the controller's defaults: 10 % tolerance, at most +100 % or +4 pods per 15 s, 5
// minutes of stabilization before scale-down.
//
//	targetRatio  utilization it steers to, 0.01 to 1
//	maxReplicas  pods at most, 1 to 1e6
//
// The methods of HPA refuse others. Source: kubernetes.io, Horizontal Pod Autoscaling,
// autoscaling/v2.
func DefaultHPA(targetRatio float64, maxReplicas int) HPA {
	return HPA{TargetRatio: targetRatio, ToleranceRatio: 0.1, MinReplicas: 1, MaxReplicas: maxReplicas,
		GrowthRatio: 1, GrowthPods: 4, SyncSeconds: 15, StabilizationSeconds: 300}
}

const maxReplicas = 1_000_000

func (h HPA) check() error {
	inside := func(name string, v, low, high float64) error {
		if v >= low && v <= high {
			return nil
		}
		return &RangeError{Parameter: name, Value: v, Want: fmt.Sprintf("in [%g, %g]", low, high)}
	}
	return errors.Join(
		inside("target utilization", h.TargetRatio, 0.01, 1),
		inside("tolerance", h.ToleranceRatio, 0, 1),
		inside("minimum replicas", float64(h.MinReplicas), 1, maxReplicas),
		inside("maximum replicas", float64(h.MaxReplicas), float64(max(1, h.MinReplicas)), maxReplicas),
		inside("growth ratio", h.GrowthRatio, 0, 100),
		inside("growth pods", float64(h.GrowthPods), 0, maxReplicas),
		inside("sync period [s]", h.SyncSeconds, 0.1, 3600),
		inside("stabilization window [s]", h.StabilizationSeconds, 0, 3600))
}

// Desired returns what one sync asks for.
//
//	desired = ceil(usage / target), usage in pods' worth of CPU, of the ready pods only
//
// with no change within the tolerance, unready pods counted as idle on the way up, the growth
// limit, and the replica bounds. Scale-down stabilization is [HPA.Track]'s.
//
//	ready    pods that serve and are measured, 0 to 1e6
//	unready  pods started but not ready, 0 to 1e6
//	loadPods work offered, in pods fully used, 0 to 1e18; a ready pod cannot use more than itself
//
// Errors: [RangeError]. Source: kubernetes.io, Horizontal Pod Autoscaling, algorithm details.
func (h HPA) Desired(ready, unready int, loadPods float64) (int, error) {
	if err := errors.Join(h.check(), checkReplicas("ready pods", ready), checkReplicas("unready pods", unready),
		checkCount("load", loadPods)); err != nil {
		return 0, err
	}
	return h.desired(ready, unready, loadPods), nil
}

func checkReplicas(name string, v int) error {
	if v >= 0 && v <= maxReplicas {
		return nil
	}
	return &RangeError{Parameter: name, Value: float64(v), Want: "in [0, 1e6]"}
}

func (h HPA) desired(ready, unready int, loadPods float64) int {
	current := ready + unready
	if ready == 0 { // nothing is measured yet
		return h.bounded(current, current)
	}
	used := math.Min(loadPods, float64(ready))
	ratio := used / float64(ready) / h.TargetRatio
	pods := float64(ready)
	if ratio > 1 && unready > 0 {
		pods = float64(current)
		ratio = math.Max(1, used/pods/h.TargetRatio)
	}
	if math.Abs(ratio-1) <= h.ToleranceRatio {
		return h.bounded(current, current)
	}
	return h.bounded(current, int(ceilWithin(pods*ratio)))
}

func (h HPA) bounded(current, desired int) int {
	limit := max(int(math.Ceil(float64(current)*(1+h.GrowthRatio))), current+h.GrowthPods)
	return min(max(min(desired, limit), h.MinReplicas), h.MaxReplicas)
}

// Climb returns the replicas sync by sync, from start until they stop changing, while the load
// stays and every new pod is ready before the next sync.
//
//	start     replicas running, 1 to MaxReplicas
//	needPods  replicas that the load needs at the target, 1 to 1e6
//
// While pods are saturated the controller sees 100 %, whatever the load: 10 towards 900 at a
// target of 50 % goes 10 20 40 80 160 320 640 900. Errors: [RangeError]. Source: [HPA.Desired], repeated.
func (h HPA) Climb(start, needPods int) ([]int, error) {
	if err := errors.Join(h.check(), checkReplicas("replicas needed", needPods), checkReplicas("replicas at start", start),
		checkAtLeast("replicas at start", start, 1)); err != nil {
		return nil, err
	}
	load := float64(needPods) * h.TargetRatio
	replicas := []int{start}
	for last := start; ; {
		next := h.desired(last, 0, load)
		if next <= last {
			return replicas, nil
		}
		replicas = append(replicas, next)
		last = next
	}
}

// ClimbCycles returns how many decisions it takes to grow a saturated deployment by a factor g:
// ceil(ln g / ln min(1/target, 1 + GrowthRatio)). Each costs a sync, a pod start, and minutes more
// where the cluster must add a node first.
//
//	growth g  1 to 1e6
//
// Without the whole pods of [HPA.Climb], which small deployments gain from. Errors: [RangeError];
// [ErrInfeasible] where 1/target is within the tolerance, so that it never grows at all.
// Derived from [HPA.Desired]: a saturated pod is seen at 100 %, so a decision multiplies them by 1/target,
// within the growth limit.
func (h HPA) ClimbCycles(growth float64) (int, error) {
	if err := h.check(); err != nil {
		return 0, err
	}
	if !(growth >= 1 && growth <= 1e6) {
		return 0, &RangeError{Parameter: "growth", Value: growth, Want: "in [1, 1e6]"}
	}
	factor := math.Min(1/h.TargetRatio, 1+h.GrowthRatio)
	if 1/h.TargetRatio-1 <= h.ToleranceRatio || factor <= 1 {
		return 0, fmt.Errorf("%w: at a target of %g even saturated pods stay within the tolerance or growth is forbidden, want a target below %.3g",
			ErrInfeasible, h.TargetRatio, 1/(1+h.ToleranceRatio))
	}
	return int(ceilWithin(math.Log(growth) / math.Log(factor))), nil
}

// Replicas is a deployment after one sync.
type Replicas struct {
	Ready, Unready int // pods, 0 to 1e6
}

// Track returns the deployment at every sync while the load changes.
//
//	start           ready replicas at the first sync, 1 to 1e6
//	podStartSeconds from the decision to a ready pod [s], 0 or 1e-12 to 1e12
//	loadPods        work offered at each sync, in pods fully used, each 0 to 1e18
//
// Scale-down goes to the largest desired count of the stabilization window, and takes unready pods first.
// Errors: [RangeError]. Source: as [HPA.Desired], with its stabilization window.
func (h HPA) Track(start int, podStartSeconds float64, loadPods []float64) ([]Replicas, error) {
	if err := errors.Join(h.check(), checkReplicas("replicas at start", start), checkAtLeast("replicas at start", start, 1),
		checkSecondsOrZero("pod start", podStartSeconds)); err != nil {
		return nil, err
	}
	window := int(math.Ceil(h.StabilizationSeconds / h.SyncSeconds))
	delay := int(math.Min(math.Ceil(podStartSeconds/h.SyncSeconds), maxReplicas))
	started := make([]int, len(loadPods)) // pods that the sync asked for and that are not ready yet
	desired := make([]int, 0, len(loadPods))
	track := make([]Replicas, 0, len(loadPods))
	now := Replicas{Ready: start}
	for i, load := range loadPods {
		if err := checkCount("load", load); err != nil {
			return nil, fmt.Errorf("sync %d: %w", i+1, err)
		}
		if due := i - delay; due >= 0 {
			now.Ready, now.Unready = now.Ready+started[due], now.Unready-started[due]
			started[due] = 0
		}
		current := now.Ready + now.Unready
		desired = append(desired, h.desired(now.Ready, now.Unready, load))
		if i == 0 { // the controller counts what it finds as its first desired count
			desired[0] = max(desired[0], min(start, h.MaxReplicas))
		}
		next := desired[i]
		if next < current {
			next = min(current, slices.Max(desired[max(0, i-window):]))
		}
		if next > current {
			started[i] = next - current
			now.Unready += started[i]
		} else {
			now = now.shrink(current-next, started[:i])
		}
		if delay == 0 {
			now.Ready, now.Unready, started[i] = now.Ready+now.Unready, 0, 0
		}
		track = append(track, now)
	}
	return track, nil
}

// shrink removes pods, those that are not ready first and the youngest of them before the others.
func (r Replicas) shrink(count int, started []int) Replicas {
	for i := len(started) - 1; i >= 0 && count > 0; i-- {
		gone := min(count, started[i])
		started[i] -= gone
		r.Unready -= gone
		count -= gone
	}
	r.Ready -= count
	return r
}

// PrescaleLead is what a scheduled scale-up must finish before the sale begins.
type PrescaleLead struct {
	ReadinessSeconds float64     // from a pod's creation to ready, at the 99th percentile [s]
	Provider         TokenBucket // how fast the provider creates instances
	Instances        float64     // how many it must create, 0 to 1e18
	WarmupSeconds    float64     // until caches and compilers are warm [s]
	MarginSeconds    float64     // for what was not foreseen [s]
}

// Seconds returns how long before T0 the scale-up must begin [s]: readiness + time at the provider's rate
// + warm-up + margin, which follow one another, so by definition their sum. The times are 0 or 1e-12 to
// 1e12 s. Errors: [RangeError]; [ErrInfeasible] as [TokenBucket.SecondsToPass].
func (l PrescaleLead) Seconds() (float64, error) {
	if err := errors.Join(checkSecondsOrZero("readiness", l.ReadinessSeconds), checkSecondsOrZero("warm-up", l.WarmupSeconds),
		checkSecondsOrZero("margin", l.MarginSeconds)); err != nil {
		return 0, err
	}
	creating, err := l.Provider.SecondsToPass(l.Instances)
	if err != nil {
		return 0, fmt.Errorf("time at the provider's rate: %w", err)
	}
	return l.ReadinessSeconds + creating + l.WarmupSeconds + l.MarginSeconds, nil
}
