module krypton.ai/test/hack/probe

go 1.24.0
