// Where the schemas of other projects' resources are, for `go mod download`; nothing is built from them.
module schemas

go 1.26

require (
	github.com/cert-manager/cert-manager v1.19.2
	github.com/kedacore/keda/v2 v2.20.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
