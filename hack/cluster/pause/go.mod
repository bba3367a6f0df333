module krypton.ai/hack/cluster/pause

go 1.24.0
