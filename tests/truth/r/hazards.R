# Reference values for tests/truth/test_hazards_against_r.py.
# Run in this folder: Rscript hazards.R
# Reads survival_sets.csv, writes hazards.csv. Versions: sessionInfo.txt.

library(survival)
library(cmprsk)

people <- read.csv("survival_sets.csv")
people$arm <- factor(people$arm, c("comparison", "programme"))
tight <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50, timefix = FALSE)
causes <- c("censored", "self_support", "pension", "died")

out <- list()
keep <- function(set, quantity, term = "", row = NA, estimate, std_error = NA) {
  out[[length(out) + 1]] <<- data.frame(set, quantity, term, row, estimate, std_error)
}
# evalkit's names of terms, "arm[programme]".
named <- function(terms) sub("^(arm|region|sex)([a-z]+)", "\\1[\\2]", sub("^ridge\\((.*)\\)$", "\\1", terms))
keep_model <- function(set, quantity, fit, variance = vcov(fit)) {
  keep(set, quantity, named(names(coef(fit))), estimate = unname(coef(fit)),
       std_error = sqrt(diag(variance)))
  keep(set, paste0(quantity, "_log_likelihood"), estimate = fit$loglik[2])
}
# Residuals of persons are thinned to every ninth row.
keep_matrix <- function(set, quantity, values, rows, terms = colnames(values)) {
  shown <- rows %% 9 == 0
  values <- as.matrix(values)
  if (is.null(terms)) terms <- ""
  for (column in seq_len(ncol(values))) {
    keep(set, quantity, named(terms[column]), rows[shown], values[shown, column])
  }
}

for (set in unique(people$set)) {
  data <- people[people$set == set, ]
  data$row <- seq_len(nrow(data)) - 1
  data$event <- data$cause == "self_support"
  late <- set == "late_weighted_clustered"
  by_region <- set == "strata"
  data$w <- if (late) data$weight else 1
  response <- if (late) "Surv(entry, time, event)" else "Surv(time, event)"
  terms <- if (set == "one_event") "score" else "arm + age + score"
  formula <- as.formula(paste(response, "~", terms, if (by_region) "+ strata(region)"))

  for (ties in c("efron", "breslow")) {
    fit <- coxph(formula, data, weights = w, ties = ties, robust = FALSE, control = tight, x = TRUE)
    keep_model(set, paste0("cox_", ties), fit)
    if (late) {
      clustered <- coxph(formula, data, weights = w, ties = ties, cluster = cluster, control = tight)
      keep_model(set, paste0("cox_cluster_", ties), clustered)
    }
    # concordance() takes no control: timefix would merge times, and these have six digits anyway.
    agreement <- concordance(fit)
    keep(set, paste0("concordance_", ties), "concordance",
         estimate = agreement$concordance, std_error = sqrt(agreement$var))
    keep_matrix(set, paste0("martingale_", ties), residuals(fit, "martingale"), data$row)
    keep_matrix(set, paste0("deviance_", ties), residuals(fit, "deviance"), data$row)
    if (set == "one_event") next
    keep_matrix(set, paste0("score_", ties), residuals(fit, "score"), data$row)
    dfbeta <- residuals(fit, "dfbeta")
    keep_matrix(set, paste0("dfbeta_", ties), dfbeta, data$row, names(coef(fit)))
    order_of <- if (by_region) order(data$region, data$time, -data$event) else order(data$time, -data$event)
    exits <- data$row[order_of][data$event[order_of]]
    keep_matrix(set, paste0("schoenfeld_", ties), residuals(fit, "schoenfeld"), exits)
    keep_matrix(set, paste0("scaled_schoenfeld_", ties), residuals(fit, "scaledsch"), exits,
                names(coef(fit)))
    wide <- update(fit, . ~ . + region)
    for (transform in c("km", "identity", "log", "rank")) {
      for (model in if (by_region) list(fit) else list(fit, wide)) {
        table <- cox.zph(model, transform = transform)$table
        n <- if (nrow(table) == 5) "_factor" else ""
        keep(set, paste0("zph_", transform, n, "_", ties), sub("GLOBAL", "global", rownames(table)),
             estimate = table[, "chisq"], std_error = table[, "df"])
      }
    }
    if (!late && !by_region) {
      ridged <- coxph(Surv(time, event) ~ arm + ridge(age, score, theta = 5, scale = FALSE), data,
                      ties = ties, control = tight)
      keep(set, paste0("ridge_", ties), c("arm[programme]", "age", "score"),
           estimate = unname(coef(ridged)), std_error = sqrt(diag(ridged$var)))
    }
  }
  if (set == "one_event") next

  # Follow-up split at month 6, so that the arm may have two hazard ratios.
  split <- survSplit(Surv(entry, time, event) ~ ., data, cut = 6, episode = "part", start = "from",
                     end = "to")
  split$late_arm <- (split$arm == "programme") * (split$part == 2)
  for (ties in c("efron", "breslow")) {
    fit <- coxph(Surv(from, to, event) ~ arm + late_arm + age, split, weights = w, ties = ties,
                 cluster = person, control = tight)
    keep_model(set, paste0("start_stop_", ties), fit)
  }

  # In `cause_absent` the programme has no pension, so that the ratio is infinite there.
  for (cause in setdiff(unique(data$cause), c("censored", if (set == "cause_absent") "pension"))) {
    data$reached <- data$cause == cause
    fit <- coxph(if (late) Surv(entry, time, reached) ~ arm + age + score
                 else Surv(time, reached) ~ arm + age + score,
                 data, weights = w, ties = "efron", robust = FALSE, control = tight)
    keep_model(set, paste0("cause_specific_", cause), fit)
  }

  status <- match(data$cause, causes) - 1
  covariates <- cbind("arm[programme]" = data$arm == "programme", age = data$age, score = data$score)
  if (!late) {
    for (code in if (set == "cause_absent") 1 else c(1, 2)) {
      for (groups in c("", "_groups")) {
        fit <- crr(data$time, status, covariates, failcode = code, gtol = 1e-12, maxiter = 50,
                   cengroup = if (groups == "") rep(1, nrow(data)) else data$region)
        quantity <- paste0("crr", groups, "_", causes[code + 1])
        keep(set, quantity, names(fit$coef), estimate = fit$coef, std_error = sqrt(diag(fit$var)))
        keep(set, paste0(quantity, "_log_likelihood"), estimate = fit$loglik)
        keep(set, paste0(quantity, "_model"), names(fit$coef), estimate = fit$coef,
             std_error = sqrt(diag(fit$invinf)))
      }
    }
  }
  data$outcome <- factor(data$cause, causes)
  expand <- function(part) {
    finegray(Surv(entry, time, outcome) ~ arm + age + score + cluster + row + sex, data = part,
             etype = "self_support", weights = w, id = row, timefix = FALSE)
  }
  for (strata in c("", "_strata")) {
    # finegray's own strata() gives rows the weights of other rows (survival 3.5-3).
    long <- if (strata == "") expand(data) else do.call(rbind, lapply(split(data, data$sex), expand))
    for (unit in c("row", "cluster")) {
      long$unit <- long[[unit]]
      fit <- coxph(as.formula(paste("Surv(fgstart, fgstop, fgstatus) ~ arm + age + score",
                                    if (strata != "") "+ strata(sex)")),
                   long, weights = fgwt, ties = "breslow", cluster = unit, control = tight)
      keep(set, paste0("finegray_", unit, strata), named(names(coef(fit))),
           estimate = unname(coef(fit)), std_error = sqrt(diag(vcov(fit))))
    }
  }
}

table <- do.call(rbind, out)
for (name in c("estimate", "std_error")) {
  table[[name]] <- ifelse(is.na(table[[name]]), "", sprintf("%.15g", table[[name]]))
}
write.csv(table, "hazards.csv", row.names = FALSE, quote = FALSE, na = "")
