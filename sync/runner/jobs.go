package runner

// Jobs makes jobs of one kind a Source's answer. It takes what the methods
// that list jobs return, error included:
//
//	return runner.Jobs(imports.Jobs(ctx, tenant, connection))
func Jobs[J Job](list []J, err error) ([]Job, error) {
	if err != nil {
		return nil, err
	}
	out := make([]Job, len(list))
	for i, j := range list {
		out[i] = j
	}
	return out, nil
}
