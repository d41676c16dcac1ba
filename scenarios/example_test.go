package scenarios_test

import (
	"fmt"

	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// A scenario is read strictly: every problem is reported at once, with its line and field.
func ExampleParse() {
	_, err := scenarios.Parse("my-sale.yaml", []byte(`
apiVersion: fsctl/v1
kind: Scenario
name: my-sale
workload: {users: 10M, active: 200%, actions: 30}
steps:
  item: {share: 100%, url: "/item"}
`))
	fmt.Println(err)
	// Output:
	// my-sale.yaml:5: workload.active: found "200%", wanted a share such as 20% or 0.2, at most 100%
	// my-sale.yaml:7: steps.item.url: unknown key, wanted one of check, count, extract, outcome, patience, request, share, transaction
}

// Load reads a built-in scenario or a file. Fields can be set, as with --set on the command line.
func ExampleLoad() {
	sale, err := scenarios.Load("taobao-double11", "workload.users=20M")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sale.Description)
	fmt.Printf("%s users, %d pieces in stock\n", quantity.Count(int(sale.Workload.Users.Mid)), sale.Sale.Stock)
	for _, step := range sale.Steps {
		fmt.Printf("%-6s %5s\n", step.Name, quantity.Percent(float64(step.Share)))
	}
	// Output:
	// At midnight of Double 11 a shop of ten million users opens its sale, and they press buy together.
	// 20,000,000 users, 500 pieces in stock
	// browse  65 %
	// item    28 %
	// order    5 %
	// status   2 %
}
