export const formatPercent = (percent: number): string => `${percent.toFixed(0)} %`
