# Reference values for tests/truth/test_discrete_time_against_r.py.
# Run in this folder: Rscript discrete_time.R
# Reads survival_sets.csv, writes discrete_time.csv. Versions: sessionInfo.txt.

people <- read.csv("survival_sets.csv")
# glm looks at the deviance, which is flat at its end: 1e-14 of it can leave 1e-8 of an estimate.
control <- glm.control(epsilon = 1e-17, maxit = 60)
# The deviance may go on to change in its last digit; weights make counts that are not whole.
options(warn = -1)
out <- list()
keep <- function(set, quantity, term, estimate, std_error = NA) {
  out[[length(out) + 1]] <<- data.frame(set, quantity, term, estimate, std_error)
}

months_at_risk <- function(data) {
  rows <- rep(seq_len(nrow(data)), data$time - data$entry)
  long <- data[rows, ]
  long$month <- long$entry + sequence(data$time - data$entry)
  long$y <- as.integer(long$event & long$month == long$time)
  long
}

# Months without an exit, or with nobody left after it, have an infinite level and tell nothing.
informative <- function(long) {
  share <- tapply(long$y, long$month, mean)
  long[long$month %in% names(share)[share > 0 & share < 1], ]
}

# Lin and Wei's form for glm: scores summed within the unit, expected information.
robust <- function(fit, unit) {
  x <- model.matrix(fit)
  scores <- x * residuals(fit, "working") * fit$weights
  sums <- rowsum(scores, unit)
  bread <- summary(fit)$cov.unscaled
  sqrt(diag(bread %*% crossprod(sums) %*% bread))
}

keep_fit <- function(set, quantity, fit, unit = NULL) {
  error <- if (is.null(unit)) sqrt(diag(vcov(fit))) else robust(fit, unit)
  shown <- !grepl("month|ns\\(|Intercept", names(coef(fit)))
  keep(set, quantity, names(coef(fit))[shown], unname(coef(fit))[shown], unname(error)[shown])
  keep(set, paste0(quantity, "_log_likelihood"), "", as.numeric(logLik(fit)))
}

for (set in c("monthly", "late_weighted_clustered", "strata", "cause_absent", "one_event",
              "continuous")) {
  data <- people[people$set == set, ]
  if (set == "continuous") data$time <- ceiling(data$time)
  data$event <- data$cause == "self_support"
  data$arm <- factor(data$arm, c("comparison", "programme"))
  formula <- if (set == "one_event") ~ age else ~ arm + age + region
  long <- months_at_risk(data)
  some <- informative(long)
  events <- long$month[long$y == 1]
  knots <- unique(quantile(events, c(0, 0.25, 0.5, 0.75, 1)))
  for (link in c("cloglog", "logit")) {
    family <- binomial(link)
    baseline <- if (length(unique(some$month)) > 1) ~ . + factor(month) else ~ .
    fit <- glm(update(update(formula, baseline), y ~ .), family, some, control = control)
    keep_fit(set, paste0(link, "_months"), fit)
    if (set == "one_event") next
    fit <- glm(update(formula, y ~ . + splines::ns(month, knots = knots[2:4],
                                                   Boundary.knots = knots[c(1, 5)])),
               family, long, control = control)
    keep_fit(set, paste0(link, "_spline"), fit)
    if (set == "late_weighted_clustered") {
      weighted <- glm(update(formula, y ~ . + factor(month)), family, some,
                                       weights = weight, control = control)
      keep_fit(set, paste0(link, "_weight_cluster"), weighted, some$cluster)
      keep_fit(set, paste0(link, "_weight"), weighted, some$person)
    }
  }
}

write.csv(do.call(rbind, out), "discrete_time.csv", row.names = FALSE, quote = FALSE)
