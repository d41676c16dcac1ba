package queueing

// ServerlessConcurrency returns the instances that are busy at once when each serves one request
// at a time: lambda x duration, by Little's law.
//
//	requestsPerSec  lambda  [1/s], 0 or 1e-15 to 1e15
//	durationSeconds         mean time an instance is busy with a request [s], 1e-12 to 1e12
//
// Errors: [RangeError]. Source: [LittleConcurrency].
func ServerlessConcurrency(requestsPerSec, durationSeconds float64) (float64, error) {
	return LittleConcurrency(requestsPerSec, durationSeconds)
}

// BurstRampSeconds returns how long [s] a provider takes to have the instances that a rate needs,
// starting from none: the time for lambda x duration to pass its bucket.
//
//	limit           what the provider creates at once, and per second after that
//	requestsPerSec  lambda  [1/s], 0 or 1e-15 to 1e15
//	durationSeconds         [s], 1e-12 to 1e12
//
// Errors: [RangeError]; [ErrInfeasible] as [TokenBucket.SecondsToPass].
// Source: [ServerlessConcurrency], [TokenBucket.SecondsToPass].
func BurstRampSeconds(limit TokenBucket, requestsPerSec, durationSeconds float64) (float64, error) {
	instances, err := ServerlessConcurrency(requestsPerSec, durationSeconds)
	if err != nil {
		return 0, err
	}
	return limit.SecondsToPass(instances)
}

// LambdaBurst returns AWS Lambda's limit per function: 1000 instances at once and 1000 more every
// 10 s. Source: AWS Lambda developer guide, Lambda scaling behavior.
func LambdaBurst() TokenBucket { return TokenBucket{Burst: 1000, RatePerSec: 100} }

// FunctionComputeBurst returns Alibaba Cloud Function Compute's limit per account: 300 instances at
// once and 300 more a minute. By default an account may hold no more than 100 per region, which is
// a ceiling of its own. Source: Alibaba Cloud, Function Compute, limits.
func FunctionComputeBurst() TokenBucket { return TokenBucket{Burst: 300, RatePerSec: 5} }

// ContainerInstanceBurst returns the rate at which Alibaba Cloud's Elastic Container Instance
// creates pods: 100 at once and 20 a second. Source: Alibaba Cloud, ECI, limits.
func ContainerInstanceBurst() TokenBucket { return TokenBucket{Burst: 100, RatePerSec: 20} }
