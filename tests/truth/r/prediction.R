# Reference values for tests/truth/test_prediction_against_r.py.
# Run in this folder: Rscript prediction.R
# Reads survival_sets.csv, writes prediction.csv. Versions: sessionInfo.txt.

library(survival)
library(prodlim)
library(riskRegression)
options(warn = -1)

people <- read.csv("survival_sets.csv")
horizons <- c(6, 12, 18, 24)
out <- list()
keep <- function(set, measure, prediction, time, estimate, std_error = NA) {
  out[[length(out) + 1]] <<- data.frame(set, measure, prediction, time, estimate, std_error)
}

# A risk that grows with the horizon; rounding gives ties.
predicted <- function(data) {
  line <- plogis(-0.5 + 0.4 * (data$arm == "programme") - 0.02 * (data$age - 40) + 0.3 * data$score)
  round(outer(line, 1 - exp(-horizons / 15)), 2)
}

# Wolbers et al. (2014) with weights 1 / (G(Ti-) G(Ti)) and 1 / (G(Ti-) G(Tj-)), over all pairs.
concordance_of_pairs <- function(data, risk, horizon) {
  censored <- data$status == 0
  times <- sort(unique(data$time[censored]))
  left <- sapply(times, function(t) {
    at_risk <- sum(data$time > t) + sum(censored & data$time == t)
    1 - sum(censored & data$time == t) / at_risk
  })
  curve <- function(t, strictly) {
    sapply(t, function(u) prod(left[if (strictly) times < u else times <= u]))
  }
  before <- curve(data$time, TRUE); at <- curve(data$time, FALSE)
  over <- under <- 0
  for (i in which(data$status == 1 & data$time <= horizon)) {
    later <- data$time > data$time[i] | (data$time == data$time[i] & censored)
    other <- data$status == 2 & data$time <= data$time[i]
    weight <- later / (before[i] * at[i]) + other / (before[i] * before)
    weight[!later & !other] <- 0
    over <- over + sum(weight * ((risk < risk[i]) + 0.5 * (risk == risk[i])))
    under <- under + sum(weight)
  }
  over / under
}

for (set in c("monthly", "continuous", "strata", "cause_absent")) {
  data <- people[people$set == set, ]
  data$status <- ifelse(data$cause == "self_support", 1, ifelse(data$cause == "censored", 0, 2))
  risk <- predicted(data)
  score <- Score(list(model = risk), Hist(time, status) ~ 1, data = data, times = horizons,
                 cause = 1, metrics = c("auc", "brier"), summary = c("ipa", "ibs"),
                 se.fit = TRUE, conservative = FALSE, null.model = TRUE, cens.model = "km")
  brier <- as.data.frame(score$Brier$score)
  name <- ifelse(brier$model == "model", "model", "without covariates")
  keep(set, "brier", name, brier$times, brier$Brier, brier$se)
  keep(set, "ipa", name, brier$times, brier$IPA)
  if ("IBS" %in% names(brier)) keep(set, "ibs", name, brier$times, brier$IBS)
  auc <- as.data.frame(score$AUC$score)
  keep(set, "auc", "model", auc$times, auc$AUC, auc$se)
  for (number in seq_along(horizons)) {
    keep(set, "concordance", "model", horizons[number],
         concordance_of_pairs(data, risk[, number], horizons[number]))
  }
}

table <- do.call(rbind, out)
table$estimate <- sprintf("%.15g", table$estimate)
table$std_error <- ifelse(is.na(table$std_error), "NA", sprintf("%.15g", table$std_error))
write.csv(table, "prediction.csv", row.names = FALSE, quote = FALSE)
